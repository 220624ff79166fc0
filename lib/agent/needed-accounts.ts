import { connectCard, connectCardOf, type Need } from '#lib/agent/connect-card.ts'
import { type ItemContext, newItem } from '#lib/agent/item-context.ts'
import type { Caller } from '#lib/auth/caller.ts'
import type { ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { listAccounts } from '#lib/data/server-accounts.ts'
import { connectSentence, needsAccount } from '#lib/mcp-client/accounts.ts'
import type { CallFacts } from '#lib/mcp-client/calling-run.ts'
import type { OpenMcp } from '#lib/mcp-client/open.ts'
import type { McpServer } from '#lib/mcp-client/servers.ts'

type Unavailable = OpenMcp['unavailable']

/** The servers that a turn could not use for want of the person's own account: a card for each is shown when the turn ends. */
export class NeededAccounts {
  readonly #caller: Caller
  readonly #servers: McpServer[]
  /** Server ids, with the tool that was called. */
  readonly #needed = new Map<string, string | undefined>()

  constructor(caller: Caller, servers: McpServer[]) {
    this.#caller = caller
    this.#servers = servers
  }

  /** The same list, where a server that was not waited for is known to want an account that is not there. */
  async explain(unavailable: Unavailable): Promise<Unavailable> {
    const late = unavailable.filter(({ connect }) => connect === undefined).map(({ server }) => server)
    const asking = this.#servers.filter((server) => late.includes(server.name) && needsAccount(server))
    if (asking.length === 0) return unavailable
    const accounts = await listAccounts(this.#caller)
    return unavailable.map((entry) => {
      const server = asking.find(({ name }) => name === entry.server)
      const account = accounts.get(server?.id ?? '')
      if (!server || (account && !account.broken)) return entry
      return { ...entry, failureClass: 'unauthorised', sentence: `${connectSentence(server)} (unauthorised)`, connect: server.id }
    })
  }

  /** Servers whose tools are not even known. One that has a card in the thread gets no second one until a call asks for it. */
  noteMissing(unavailable: Unavailable, items: ThreadItem[]): void {
    const shown = new Set(items.map(connectCardOf))
    for (const { connect } of unavailable) if (connect !== undefined && !shown.has(connect)) this.#needed.set(connect, undefined)
  }

  /** A call that ended. */
  noteCall({ server, tool, failure }: CallFacts, connections: OpenMcp['connections']): void {
    if (failure?.class !== 'unauthorised') return
    const called = connections.find((connection) => connection.server.name === server)?.server
    if (called?.id !== undefined && needsAccount(called)) this.#needed.set(called.id, tool)
  }

  /** The cards, as new items of the thread. */
  async cards(making: ItemContext): Promise<WidgetItem[]> {
    if (this.#needed.size === 0) return []
    const accounts = await listAccounts(this.#caller)
    return this.#servers.flatMap((server) => {
      if (server.id === undefined || !this.#needed.has(server.id)) return []
      const need: Need = { server, tool: this.#needed.get(server.id), broken: accounts.get(server.id)?.broken ?? false }
      return [{ ...newItem(making, 'message'), type: 'widget', widget: connectCard(need) }]
    })
  }
}
