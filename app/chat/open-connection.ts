'use client'

import { sendJson } from '#app/forms/send-json.ts'

/** Connect, on a card in the chat: leads to the server's own sign-in, or to where a key is entered, and from there back into this conversation. */
export async function openConnection(
  { type, payload }: { type: string; payload?: Record<string, unknown> },
  { widget }: { widget: { key?: string } },
): Promise<void> {
  const server = String(payload?.server ?? '')
  // A widget that a tool sent has no card's key: it leads nobody anywhere.
  if (type !== 'connect.open' || widget.key !== `connect:${server}`) return
  const thread = /^\/chat\/(thr_[\w-]{1,80})$/.exec(location.pathname)?.[1]
  const page = `/settings/connections?${new URLSearchParams({ service: server, ...(thread && { thread }) })}`
  if (payload?.way === 'key') return location.assign(page)
  const sent = await sendJson<{ url: string }>('POST', `/api/connections/${encodeURIComponent(server)}`, { thread })
  location.assign(sent.ok ? sent.data.url : `${page}&problem=${encodeURIComponent(sent.code)}`)
}
