import type { ServerCapabilities, SubscriptionFilter } from '@modelcontextprotocol/client'
import { transportAs } from '#lib/mcp-client/connection/transport.ts'
import { offerLists } from '#lib/mcp-client/lists/offer-lists.ts'
import { listKey } from '#lib/mcp-client/lists/remembered-lists.ts'
import { ASKS } from '#lib/mcp-client/questions/askable-calls.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { ServerSession } from '#lib/mcp-client/sessions/server-session.ts'
import { expireTools, findRememberedTools } from '#lib/mcp-client/tools/tool-lists.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

// The most listeners in one process. Each stays open while its person keeps chatting. Without a
// listener, a list simply expires.
const WATCHES_MAX = 64
const IDLE_MS = 600_000
const LOOK_EVERY_MS = 30_000
const DEADLINE_MS = 10_000
// A server that ends its stream sooner than this (ms) is not listened to again for ten minutes.
const SHORTEST_MS = 5_000
// A server that announces more changes than this in a minute is not listened to for ten minutes.
const NOTICES_MAX = 60
const MINUTE_MS = 60_000

type Watch = { usedAt: number; hearsSince?: number; isNoisy?: boolean }
type Watches = { open: Map<string, Watch>; muteUntil: Map<string, number> }

const watches = processState('list watches', (): Watches => ({ open: new Map(), muteUntil: new Map() }))

/**
 * Listens, on behalf of this person, for a server's notice that its tools, prompts or resources
 * have changed: by a subscription (2026-07-28) or the stream of a separate session (older
 * revisions). The remembered list expires when the notice comes or when listening ends: after ten
 * minutes without a turn, when the server ends the stream, or when it announces more than 60 changes
 * in a minute. Returns at once and never throws.
 */
export function watchLists(server: McpServer, userId: string): void {
  const { open, muteUntil } = watches()
  const key = listKey(server, userId)
  if (open.has(key) || open.size >= WATCHES_MAX || (muteUntil.get(server.url) ?? 0) > Date.now()) return
  const watch: Watch = { usedAt: Date.now() }
  open.set(key, watch)
  muteUntil.delete(server.url)
  listen(server, userId, watch)
    .catch((error) => log.debug({ error, server: server.name }, 'an MCP server’s changes cannot be heard'))
    .finally(() => {
      open.delete(key)
      const heardMs = watch.hearsSince === undefined ? 0 : Date.now() - watch.hearsSince
      if (heardMs < SHORTEST_MS || watch.isNoisy) muteUntil.set(server.url, Date.now() + IDLE_MS)
      if (heardMs < SHORTEST_MS && !watch.isNoisy) return
      expireTools(server, userId)
      offerLists.expire(server, userId)
    })
}

/**
 * Keeps the person's listener at this server open, if there is one, because the person is still
 * active.
 */
export function keepWatching(server: McpServer, userId: string): void {
  const watch = watches().open.get(listKey(server, userId))
  if (watch) watch.usedAt = Date.now()
}

/** Resolves when listening has ended. */
async function listen(server: McpServer, userId: string, watch: Watch): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const hears = () => {
    watch.hearsSince ??= Date.now()
  }
  const send = withEar(transportAs(server, { userId }).send, hears, ended.resolve)
  // Declares what a chat declares, because servers announce the tools that they have for that.
  const session = new ServerSession({ url: server.url, send, connectMs: DEADLINE_MS, capabilities: ASKS })
  const { client } = session
  const isTooMany = countNotices()
  const take = (expire: () => void) => () => {
    if (!isTooMany()) return expire()
    watch.isNoisy = true
    ended.resolve()
  }
  const expireOffers = take(() => offerLists.expire(server, userId))
  client.setNotificationHandler(
    'notifications/tools/list_changed',
    take(() => expireTools(server, userId)),
  )
  client.setNotificationHandler('notifications/prompts/list_changed', expireOffers)
  client.setNotificationHandler('notifications/resources/list_changed', expireOffers)
  client.onclose = () => ended.resolve()
  client.onerror = () => ended.resolve()
  const look = setInterval(() => {
    const isKnown =
      findRememberedTools(server, userId, { stale: true }) ??
      findRememberedTools(server, userId, { stale: true, asks: true }) ??
      offerLists.find(server, userId, { stale: true })
    if (!isKnown || watch.usedAt + IDLE_MS < Date.now()) ended.resolve()
  }, LOOK_EVERY_MS).unref()
  try {
    await session.open()
    if (client.getProtocolEra() === 'modern') {
      const subscription = await client.listen(toFilter(client.getServerCapabilities()), { timeout: DEADLINE_MS })
      hears()
      void subscription.closed.then(() => ended.resolve())
    }
    await ended.promise
  } finally {
    clearInterval(look)
    await session.close()
  }
}

/** Counts a server's notices. The returned function is true for each beyond 60 in one minute. */
function countNotices(): () => boolean {
  let since = Date.now()
  let count = 0
  return () => {
    if (Date.now() - since > MINUTE_MS) {
      since = Date.now()
      count = 0
    }
    count += 1
    return count > NOTICES_MAX
  }
}

/** The notices that the server can send. One that is asked for another may refuse to be heard. */
function toFilter(offers: ServerCapabilities = {}): SubscriptionFilter {
  return {
    toolsListChanged: true,
    ...(offers.prompts?.listChanged && { promptsListChanged: true }),
    ...(offers.resources?.listChanged && { resourcesListChanged: true }),
  }
}

/** Sessions receive notices only through one GET. If it fails or ends, listening ends. */
function withEar(send: typeof fetch, hears: () => void, ended: () => void): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init)
    if (init?.method !== 'GET') return response
    if (!response.ok || !response.body) {
      ended()
      return response
    }
    hears()
    const heard = response.body.pipeThrough(new TransformStream({ flush: ended }))
    return new Response(heard, { status: response.status, headers: response.headers })
  }
}
