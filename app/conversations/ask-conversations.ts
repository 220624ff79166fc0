'use client'

import { type Sent, sendJson } from '#app/forms/send-json.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

/** A conversation in the list. `state` says what its answer does, or that nobody has seen it yet. */
export type Conversation = {
  id: string
  title: string | null
  updated_at: string
  is_pinned: boolean
  is_archived: boolean
  state: 'running' | 'waiting' | 'unseen' | null
}

/** A conversation that was deleted. The deletion can be undone for another `left_ms`. */
export type Undoable = { id: string; title: string | null; left_ms: number }

export type ConversationPage = {
  data: Conversation[]
  pinned: Conversation[]
  undoable: Undoable[]
  has_more: boolean
  after?: string
}

/** What the search found. `is_complete` is false if older messages are not searchable yet. */
export type Found = {
  conversations: Pick<Conversation, 'id' | 'title' | 'updated_at' | 'is_archived'>[]
  messages: { id: string; thread_id: string; title: string | null; is_own: boolean; snippet: string }[]
  assistants: { slug: string; name: string; colour: string; picture: string }[]
  is_complete: boolean
}

export type ConversationChange = Partial<{
  is_pinned: boolean
  is_archived: boolean
  is_seen: true
  is_deleted: boolean
}>

/** What people read if a page of the list does not load. */
export const NOT_LOADED: Sentence = 'The conversations could not be loaded.'

const READ_MS = 15_000

/** A page of the list. Throws if it does not load. */
export async function readConversations(asked: {
  limit?: number
  after?: string
  archived?: true
}): Promise<ConversationPage> {
  const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]))
  const response = await fetch(`/api/me/conversations?${query}`, { signal: AbortSignal.timeout(READ_MS) })
  if (!response.ok) throw new Error(`The list was not sent (${response.status}).`)
  return (await response.json()) as ConversationPage
}

/** One conversation, or null if it is not there or does not load. */
export async function findConversation(id: string): Promise<Conversation | null> {
  try {
    const response = await fetch(pathOf(id), { signal: AbortSignal.timeout(READ_MS) })
    return response.ok ? ((await response.json()) as Conversation) : null
  } catch {
    return null
  }
}

/** Pins, archives, deletes or marks a conversation. */
export function changeConversation(id: string, change: ConversationChange): Promise<Sent<unknown>> {
  return sendJson('PATCH', pathOf(id), change)
}

/** Searches conversations, messages and assistants. */
export function search(query: string): Promise<Sent<Found>> {
  return sendJson<Found>('POST', '/api/me/search', { query })
}

/** Sends an operation of ChatKit that answers with JSON. */
export function askChatKit<T>(type: string, params: object): Promise<Sent<T>> {
  return sendJson<T>('POST', '/api/chatkit', { type, params })
}

function pathOf(id: string): string {
  return `/api/me/conversations/${encodeURIComponent(id)}`
}
