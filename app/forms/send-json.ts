'use client'

import { browserTranslate } from '#app/language/browser-translate.ts'

/** The answer of one of our routes: its data, or its error's code, sentence and field. */
export type Sent<T> = { ok: true; data: T } | { ok: false; code: string; message: string; field?: string }

/**
 * Sends JSON to a route of this server. Never throws: a network failure has the code `unreachable`.
 */
export async function sendJson<T = unknown>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Sent<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(30_000),
    })
    const data = await response.json()
    if (response.ok) return { ok: true, data }
    // Without a sentence the answer is not ours but a proxy's.
    if (typeof data?.message !== 'string') return { ok: false, code: 'unreachable', message: sayUnreachable() }
    return { ok: false, code: String(data.code), message: data.message, field: data.field }
  } catch {
    return { ok: false, code: 'unreachable', message: sayUnreachable() }
  }
}

function sayUnreachable(): string {
  const t = browserTranslate()
  return t('The server cannot be reached. Check your connection and try again.')
}
