'use client'

import { type Sent, sendJson } from '#app/forms/send-json.ts'

/** A tool of the assistant. `name` is its name at the server, `asks` when its person is asked first. */
export type Tool = {
  name: string
  title: string
  description?: string
  asks: 'always' | 'once' | 'after_content' | 'never'
  isOn: boolean
}

/** A server of the assistant. `sentence` says why it is not connected. */
export type Server = {
  name: string
  state: 'connected' | 'account' | 'slow' | 'down'
  sentence?: string
  connect?: { id: string; way: 'key' | 'oauth'; isAgain: boolean }
  isOn: boolean
  tools: Tool[]
}

/** What is off: a tool, or without one a server with all its tools. */
export type Off = { server: string; tool?: string }

/**
 * The servers of the assistant of this conversation, or of `assistant` (its slug) before it begins.
 * Throws if they do not load.
 */
export async function readServers(threadId: string | null, assistant: string): Promise<Server[]> {
  const query = new URLSearchParams(threadId === null ? { assistant } : { thread: threadId })
  const response = await fetch(`/api/me/servers?${query}`, { signal: AbortSignal.timeout(15_000) })
  if (!response.ok) throw new Error(`The servers could not be loaded (${response.status}).`)
  return ((await response.json()) as { servers: Server[] }).servers
}

/** Switches a tool or a server of a conversation on or off. */
export function sendSwitch(threadId: string, { server, tool }: Off, isOn: boolean): Promise<Sent<unknown>> {
  return sendJson('PUT', '/api/me/servers', { thread: threadId, server, ...(tool && { tool }), is_on: isOn })
}
