import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { type CallToolResult, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { HARMLESS } from '#tests/support/tool-servers/mcp-server.ts'

// A server of 2025-11-25 whose tool `dig` runs as a task, on the SDK, with a session for each
// connection to which its tasks belong. A test says what becomes of each task.

type Answer = { action: string; content?: Record<string, unknown> }

/** A task of the server, as a test drives it. */
export type DugTask = {
  id: string
  args: Record<string, unknown>
  session: string | undefined
  say(said: string): Promise<void>
  finish(result?: string | CallToolResult): Promise<void>
  fail(said: string): Promise<void>
  ask(params: object): Promise<Answer>
  forget(): void
}

export type TaskServer = AsyncDisposable & {
  url: string
  /** What was begun, by calls. */
  tasks: DugTask[]
  /** The methods that were asked for, with the task's id. */
  asked: string[]
  support: 'required' | 'optional'
  pollMs: number
  annotations: object
  description: string
  outputSchema: object | undefined
  /** The statuses with which requests for tasks are refused, one after the other. */
  refusals: number[]
  /** What requests for results wait for. */
  resultGate: Promise<void> | undefined
  /** What all requests about tasks wait for. */
  taskGate: Promise<void> | undefined
  /** True while a session is open. */
  holds(session: string | undefined): boolean
  /** Loses a session, as a server does that starts again. */
  drop(session: string | undefined): void
}

class ForgetfulStore extends InMemoryTaskStore {
  readonly forgotten = new Set<string>()
  override async getTask(id: string, session?: string) {
    return this.forgotten.has(id) ? null : super.getTask(id, session)
  }
}

export async function taskServer(port = 0): Promise<TaskServer> {
  const open = new Map<string, StreamableHTTPServerTransport>()
  const state = {
    ...{ tasks: [], asked: [], support: 'required', pollMs: 100, annotations: HARMLESS, refusals: [] },
    ...{ description: 'digs for it', outputSchema: undefined },
    drop: (session: string | undefined) => void open.delete(String(session)),
    holds: (session: string | undefined) => session !== undefined && open.has(session),
  } as unknown as TaskServer
  const make = () => {
    const taskStore = new ForgetfulStore()
    const server = new McpServer(
      { name: 'digger', version: '1' },
      {
        capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore,
        taskMessageQueue: new InMemoryTaskMessageQueue(),
      },
    )
    server.experimental.tasks.registerToolTask(
      'dig',
      {
        title: 'Dig',
        description: state.description,
        inputSchema: { place: z.string().optional() },
        execution: { taskSupport: state.support },
        annotations: state.annotations,
        ...(state.outputSchema && { outputSchema: state.outputSchema as never }),
      },
      {
        createTask: async (args, extra) => {
          const task = await extra.taskStore.createTask({ ttl: 600_000, pollInterval: state.pollMs })
          const { taskId } = task
          state.tasks.push({
            ...{ id: taskId, args, session: extra.sessionId },
            say: (said) => extra.taskStore.updateTaskStatus(taskId, 'working', said),
            finish: (result = 'found it') =>
              extra.taskStore.storeTaskResult(
                taskId,
                'completed',
                typeof result === 'string' ? { content: [{ type: 'text', text: result }] } : result,
              ),
            fail: (said) => extra.taskStore.updateTaskStatus(taskId, 'failed', said),
            ask: async (params) => {
              await extra.taskStore.updateTaskStatus(taskId, 'input_required', 'It needs to know more.')
              const request = { method: 'elicitation/create', params } as never
              const answer = await extra.sendRequest(request, ElicitResultSchema, { relatedTask: { taskId } } as never)
              await extra.taskStore.updateTaskStatus(taskId, 'working', 'Thanks.')
              return answer as Answer
            },
            forget: () => void taskStore.forgotten.add(taskId),
          })
          return { task }
        },
        getTask: async (_args, { taskStore: tasks, taskId }) => tasks.getTask(taskId),
        getTaskResult: async (_args, { taskStore: tasks, taskId }) =>
          (await tasks.getTaskResult(taskId)) as CallToolResult,
      },
    )
    server.registerTool('look', { description: 'looks', annotations: HARMLESS }, () => ({
      content: [{ type: 'text', text: 'nothing there' }],
    }))
    return server
  }
  const http = createServer(async (request, response) => {
    const id = request.headers['mcp-session-id']
    let transport = open.get(String(id))
    if (id && !transport) return void response.writeHead(404).end()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const body = text ? JSON.parse(text) : undefined
    const isAboutTask = typeof body?.method === 'string' && body.method.startsWith('tasks/')
    if (isAboutTask || body?.method === 'tools/call') state.asked.push(body.method)
    const refusal = isAboutTask ? state.refusals.shift() : undefined
    if (body?.method === 'tasks/result') await state.resultGate
    if (isAboutTask) await state.taskGate
    if (refusal) return void response.writeHead(refusal).end()
    if (!transport) {
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (made) => void open.set(made, fresh),
        onsessionclosed: (gone) => void open.delete(gone),
      })
      transport = fresh
      await make().connect(fresh as never)
    }
    await transport.handleRequest(request, response, body)
  })
  http.listen(port, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`
  noteAnswer(url)
  return Object.assign(state, {
    url,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  })
}
