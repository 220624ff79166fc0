import { createMcpHandler, McpServer, type ServerEventBus } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { serve } from '#tests/support/processes/serve.ts'

type Args = Record<string, unknown>
/**
 * A tool of a test. What it returns becomes the text of its result, or the whole result if it has
 * `content`; what it throws becomes its error.
 */
export type TestTool = {
  name: string
  title?: string
  description?: string
  /** By default those of a tool that is not destructive, in a closed world; `{}` for none. */
  annotations?: {
    readOnlyHint?: boolean
    destructiveHint?: boolean
    idempotentHint?: boolean
    openWorldHint?: boolean
  }
  /** By default any arguments are accepted. */
  input?: z.ZodObject
  run: (
    args: Args,
    request: Request,
    report: (progress: number, total?: number, message?: string) => Promise<void>,
  ) => unknown
}

/** Annotations of a tool whose calls need no approval, neither before its results nor after. */
export const HARMLESS = { readOnlyHint: false, destructiveHint: false, openWorldHint: false }

export type TestMcp = AsyncDisposable & {
  url: string
  /** Every HTTP request, oldest first. */
  requests: Request[]
  calls: { tool: string; args: Args }[]
}

/**
 * An MCP server with these tools (which accept any arguments), on a loopback socket at `/mcp`.
 * `before` may answer first.
 */
export async function mcpServer(
  tools: TestTool[],
  before: (request: Request) => Promise<Response | undefined> | Response | undefined = () => undefined,
): Promise<TestMcp> {
  const requests: Request[] = []
  const calls: TestMcp['calls'] = []
  const handler = mcpHandler(tools, (tool, args) => calls.push({ tool, args }))
  const { url, close } = await serve(async (request) => {
    requests.push(request)
    return (await before(request)) ?? handler(request)
  })
  // The product contacts its servers at the start. Without this, a test on a busy machine might go
  // on without its server.
  noteAnswer(`${url}/mcp`)
  return { url: `${url}/mcp`, requests, calls, [Symbol.asyncDispose]: close }
}

/**
 * The same as a handler in this process. Its list is valid for `ttlMs`; with a `bus` it announces
 * changes.
 */
export function mcpHandler(
  tools: TestTool[],
  onCall: (tool: string, args: Args) => void = () => undefined,
  { ttlMs = 300_000, bus }: { ttlMs?: number; bus?: ServerEventBus } = {},
): (request: Request) => Promise<Response> {
  const options = {
    capabilities: { tools: { listChanged: bus !== undefined } },
    cacheHints: { 'tools/list': { ttlMs } },
  }
  const make = (request: Request) => {
    const server = new McpServer({ name: 'test', version: '1' }, options)
    for (const { name, title, description = name, annotations = HARMLESS, input = z.looseObject({}), run } of tools) {
      server.registerTool(
        name,
        { ...(title !== undefined && { title }), description, annotations, inputSchema: input },
        async (args, { mcpReq }) => {
          onCall(name, args)
          const progressToken = mcpReq._meta?.progressToken
          const value = await run(args, request, async (progress, total, message) => {
            if (progressToken === undefined) return
            await mcpReq.notify({
              method: 'notifications/progress',
              params: { progressToken, progress, total, message },
            })
          })
          if (Array.isArray((value as { content?: unknown } | null)?.content)) return value as { content: [] }
          return { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] }
        },
      )
    }
    return server
  }
  return (request) => createMcpHandler(() => make(request), { bus }).fetch(request)
}
