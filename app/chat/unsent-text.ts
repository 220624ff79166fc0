'use client'

const KEY = 'switchboard-unsent'

type Unsent = { personId: string; text: string }

/** Keeps the text of a message that the server did not take from somebody whose session has ended: for them alone, in this tab. */
export function keepUnsent(personId: string, init: RequestInit | undefined): void {
  const text = textOf(init)
  if (text) sessionStorage.setItem(KEY, JSON.stringify({ personId, text } satisfies Unsent))
}

/** The text that was kept, once; null where there is none or somebody else wrote it. */
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
