import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { HARMLESS } from '#tests/support/tool-servers/mcp-server.ts'

// A server of 2026-07-28 with the extension io.modelcontextprotocol/tasks, whose tool `dig` answers
// with a task. A test says what becomes of it.

const EXTENSION = 'io.modelcontextprotocol/tasks'
const NOT_FOUND = -32_602

type State = { status: string; statusMessage?: string; [more: string]: unknown }

export type ExtensionTaskServer = AsyncDisposable & {
  url: string
  /** How the task stands; undefined if the server does not know it. */
  task: State | undefined
  asked: string[]
  /** What came with `tasks/update`. */
  answers: unknown[]
  /** The name that each request for a task carried in its header. */
  names: (string | null)[]
  began: number
  /** True while every request is refused. */
  isDown: boolean
  /** True if the calls declared the extension. */
  wasDeclared: boolean
}

export async function extensionTaskServer(): Promise<ExtensionTaskServer> {
  const id = `task-${crypto.randomUUID()}`
  const state = {
    ...{ task: { status: 'working' }, asked: [], answers: [], names: [], began: 0, isDown: false, wasDeclared: false },
  } as unknown as ExtensionTaskServer
  const describe = () => {
    if (!state.task) throw Object.assign(new Error('Task not found'), { code: NOT_FOUND })
    const createdAt = new Date().toISOString()
    return { taskId: id, createdAt, lastUpdatedAt: createdAt, ttlMs: null, pollIntervalMs: 100, ...state.task }
  }
  const make = () => {
    const server = new McpServer(
      { name: 'extended', version: '1' },
      { capabilities: { extensions: { [EXTENSION]: {} } } },
    )
    server.registerTool('dig', { description: 'digs', annotations: HARMLESS, inputSchema: z.looseObject({}) }, () => {
      state.began += 1
      return { resultType: 'task', ...describe(), content: [] } as never
    })
    const about = z.looseObject({ taskId: z.string() })
    const answer = (method: string, work: (inputResponses: unknown) => object) =>
      server.server.setRequestHandler(
        method as never,
        { params: about } as never,
        ((params: Record<string, unknown>, { mcpReq }: { mcpReq: { inputResponses?: unknown } }) => {
          state.asked.push(method)
          if (params.taskId !== id) throw Object.assign(new Error('Task not found'), { code: NOT_FOUND })
          // The SDK takes them out of the parameters.
          return work(mcpReq.inputResponses)
        }) as never,
      )
    answer('tasks/get', () => describe())
    answer('tasks/update', (inputResponses) => {
      state.answers.push(inputResponses)
      return {}
    })
    answer('tasks/cancel', () => {
      state.task = { status: 'cancelled' }
      return {}
    })
    return server
  }
  const { url, close } = await serve(async (request) => {
    if (state.isDown) return new Response(null, { status: 503 })
    const body = await request.clone().text()
    if (body.includes('"tasks/')) state.names.push(request.headers.get('mcp-name'))
    if (body.includes('"tools/call"')) state.wasDeclared = body.includes(EXTENSION)
    return createMcpHandler(make).fetch(request)
  })
  noteAnswer(`${url}/mcp`)
  return Object.assign(state, { url: `${url}/mcp`, [Symbol.asyncDispose]: close })
}
