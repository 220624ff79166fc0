import { ServerConfig } from '#lib/data/servers/server-config.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'

/** A server as the settings file would name it. Pinned if `config` says so, by default not. */
export function toolServer(url: string, config: object = {}, more: Partial<McpServer> = {}): McpServer {
  return {
    name: 'outside',
    url,
    builtin: false,
    id: newId('srv'),
    config: ServerConfig.parse({ pinned: false, ...config }),
    secrets: { headers: {} },
    ...more,
  }
}

/** A run of a person, with its thread, for which calls can be recorded. */
export async function callingRun(caller: { userId: string }): Promise<CallingRun> {
  const run: CallingRun = {
    id: newId('run'),
    threadId: newId('thr'),
    userId: caller.userId,
  }
  await withCaller(caller, async (tx) => {
    await tx.thread.create({ data: { id: run.threadId, ownerId: caller.userId } })
    await tx.run.create({
      data: { id: run.id, ownerId: caller.userId, threadId: run.threadId, requestId: 'r', operation: 'o' },
    })
  })
  return run
}

/** The text of a tool's answer. */
export function textOf(result: { content: { type: string; [key: string]: unknown }[] } | undefined): string {
  return String(result?.content[0]?.text)
}
