'use client'

const KEY = 'switchboard-unsent'

type Unsent = { personId: string; text: string }

/**
 * Keeps the text of a message that was refused because the session had ended: for that person
 * only, in this tab.
 */
export function keepUnsent(personId: string, init: RequestInit | undefined): void {
  const text = textOf(init)
  if (text) sessionStorage.setItem(KEY, JSON.stringify({ personId, text } satisfies Unsent))
}

/** Returns the kept text once; null if there is none or another person wrote it. */
export function takeUnsent(personId: string): string | null {
  const kept = sessionStorage.getItem(KEY)
  sessionStorage.removeItem(KEY)
  const unsent = kept ? (JSON.parse(kept) as Unsent) : null
  return unsent?.personId === personId ? unsent.text : null
}

function textOf(init: RequestInit | undefined): string {
  if (typeof init?.body !== 'string') return ''
  const { params } = JSON.parse(init.body) as { params?: { input?: { content?: { type: string; text: string }[] } } }
  return (params?.input?.content ?? []).map((part) => (part.type === 'input_text' ? part.text : '')).join('')
}
