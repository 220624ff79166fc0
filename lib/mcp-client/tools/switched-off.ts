import { isSwitchedOffNow, type SwitchedOff } from '#lib/data/chat/switched-off-tools.ts'
import { type Attempt, toDenied } from '#lib/mcp-client/calls/results.ts'
import { log } from '#lib/platform/log.ts'

/** Answers what of a server is off in a conversation. */
export class SwitchedOffTools {
  readonly #keys: ReadonlySet<string>

  constructor(entries: readonly SwitchedOff[] = []) {
    this.#keys = new Set(entries.map(({ server, tool }) => JSON.stringify([server, tool])))
  }

  /** True if the whole server is off. */
  hasServer(server: string): boolean {
    return this.#keys.has(JSON.stringify([server, undefined]))
  }

  /** True if the tool is off, by itself or with its server. */
  has(server: string, tool: string): boolean {
    return this.hasServer(server) || this.#keys.has(JSON.stringify([server, tool]))
  }
}

/**
 * Why a call is not made if its tool was switched off since the turn began; undefined if it is on.
 * If that cannot be read, the call is not made either.
 */
export async function findOffRefusal(
  run: { userId: string; threadId: string },
  call: { server: string; tool: string },
): Promise<Attempt | undefined> {
  try {
    const isOff = await isSwitchedOffNow(run, run.threadId, call)
    return isOff
      ? toDenied('The call was not made: the person switched this tool off for this conversation.')
      : undefined
  } catch (error) {
    log.warn({ error, ...call }, 'whether a tool is on could not be read')
    return toDenied('The call was not made, because it could not be read whether the tool is on in this conversation.')
  }
}
