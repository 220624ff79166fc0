import { type FunctionTool, tool } from '@openai/agents'
import { z } from 'zod'
import { makeConnectCard, type Need } from '#lib/agent/cards/connect-card.ts'
import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { findAccount, listAccounts } from '#lib/data/servers/server-accounts.ts'
import { explainMissingAccount, needsAccount } from '#lib/mcp-client/accounts/accounts.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import type { OpenMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

type Unavailable = OpenMcp['unavailable']

const NAME_MAX_CHARS = 60

/**
 * The servers that a turn could not use because they need the person's own account. A card for each
 * is shown when the turn ends.
 */
export class NeededAccounts {
  readonly #caller: Caller
  readonly #servers: McpServer[]
  /** The tool that was called, by server id; undefined if the server's tools are not known. */
  readonly #needed = new Map<string, string | undefined>()

  constructor(caller: Caller, servers: McpServer[]) {
    this.#caller = caller
    this.#servers = servers
  }

  /**
   * The same list. A server without a reason to connect gets one if it needs an account that is
   * missing or broken.
   */
  async explain(unavailable: Unavailable): Promise<Unavailable> {
    const late = unavailable.filter(({ connect }) => connect === undefined).map(({ server }) => server)
    const asking = this.#servers.filter((server) => late.includes(server.name) && needsAccount(server))
    if (asking.length === 0) return unavailable
    const accounts = await listAccounts(this.#caller)
    return unavailable.map((entry) => {
      const server = asking.find(({ name }) => name === entry.server)
      const account = accounts.get(server?.id ?? '')
      if (!server || (account && !account.broken)) return entry
      return {
        ...entry,
        failureClass: 'unauthorised',
        sentence: `${explainMissingAccount(server)} (unauthorised)`,
        connect: server.id,
      }
    })
  }

  /**
   * Makes a tool for each server whose tools are unknown because no account is connected. By
   * calling it the model says that the person wants something of that server; only then a card is
   * shown.
   */
  connectTools<Context>(unavailable: Unavailable, taken: { name: string }[]): FunctionTool<Context>[] {
    const names = new Set(taken.map(({ name }) => name))
    return unavailable.flatMap(({ server, connect }) => {
      if (connect === undefined) return []
      const name = connectToolName(server, names)
      const made = tool({
        name,
        description: `Shows the person a card to connect their own account at ${server}. The tools of ${server} are unknown until then. Call this only if the request needs ${server}.`,
        parameters: z.object({}),
        execute: () => {
          this.#needed.set(connect, undefined)
          return `A card to connect the account at ${server} appears below your answer. Tell the person to connect it first.`
        },
        customDataExtractor: () => ({ server, tool: name, durationMs: 0 }) satisfies CallFacts,
      })
      // The tool has no parameters, so their type does not matter.
      return [made as unknown as FunctionTool<Context>]
    })
  }

  /** Notes a call that ended. One that failed as unauthorised needs an account. */
  noteCall({ server, tool, failure }: CallFacts, connections: OpenMcp['connections']): void {
    if (failure?.class !== 'unauthorised') return
    const called = connections.find((connection) => connection.server.name === server)?.server
    if (called?.id !== undefined && needsAccount(called)) this.#needed.set(called.id, tool)
  }

  /** The Connect cards, as new items of the thread. */
  async cards(making: ItemContext): Promise<WidgetItem[]> {
    if (this.#needed.size === 0) return []
    const accounts = await listAccounts(this.#caller)
    const cards: WidgetItem[] = []
    for (const server of this.#servers) {
      if (server.id === undefined || !this.#needed.has(server.id)) continue
      const why = accounts.get(server.id)?.broken ? await this.#whyAgain(server.id) : 'missing'
      const widget = makeConnectCard({ server, tool: this.#needed.get(server.id), why })
      cards.push({ ...makeItem(making, 'message'), type: 'widget', widget })
    }
    return cards
  }

  async #whyAgain(serverId: string): Promise<Need['why']> {
    const account = await findAccount(this.#caller, serverId)
    return account?.kind === 'oauth' && account.widerScope !== undefined ? 'narrow' : 'broken'
  }
}

/** `connect_shop`, with a number appended if another tool has that name. */
function connectToolName(server: string, taken: Set<string>): string {
  const plain = `connect_${server.replace(/[^A-Za-z0-9]/g, '_')}`.slice(0, NAME_MAX_CHARS)
  let name = plain
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${count}`
  taken.add(name)
  return name
}
