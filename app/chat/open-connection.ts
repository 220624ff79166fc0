'use client'

import { threadIn } from '#app/conversations/go-to.ts'
import { sendJson } from '#app/forms/send-json.ts'

/**
 * Handles Connect on a card in the chat: opens the server's sign-in, or the page where a key is
 * entered. Both lead back to this conversation.
 */
export async function openConnection(
  { type, payload }: { type: string; payload?: Record<string, unknown> },
  { widget }: { widget: { key?: string } },
): Promise<void> {
  const server = String(payload?.server ?? '')
  // A tool's own widget lacks the card's key, so it cannot send a person to a sign-in.
  if (type !== 'connect.open' || widget.key !== `connect:${server}`) return
  await connectAccount({ id: server, way: payload?.way === 'key' ? 'key' : 'oauth' })
}

/** Opens the sign-in of a server, or the page where a key is entered. */
export async function connectAccount({ id: server, way }: { id: string; way: 'key' | 'oauth' }): Promise<void> {
  const thread = threadIn(location.pathname) ?? undefined
  const page = `/settings/connections?${new URLSearchParams({ service: server, ...(thread && { thread }) })}`
  if (way === 'key') return location.assign(page)
  const sent = await sendJson<{ url: string }>('POST', `/api/connections/${encodeURIComponent(server)}`, { thread })
  location.assign(sent.ok ? sent.data.url : `${page}&problem=${encodeURIComponent(sent.code)}`)
}
