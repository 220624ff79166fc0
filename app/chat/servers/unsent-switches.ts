'use client'

import type { Off } from './ask-servers.ts'

const KEY = 'switchboard-switches'

/** What this person switched off in this tab for a conversation that has not begun. */
export function findUnsent(personId: string): Off[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as { personId: string; off: Off[] } | null
    return kept?.personId === personId ? kept.off : []
  } catch {
    // On the server, and in a browser without storage.
    return []
  }
}

/** Keeps it, so that a reload does not switch anything on again. */
export function rememberUnsent(personId: string, off: readonly Off[]): void {
  try {
    if (off.length > 0) sessionStorage.setItem(KEY, JSON.stringify({ personId, off }))
    else sessionStorage.removeItem(KEY)
  } catch {
    // A browser without storage forgets it at a reload.
  }
}

const isSame = (a: Off, b: Off) => a.server === b.server && a.tool === b.tool

/** These switches with one more change. */
export function withSwitch(off: readonly Off[], changed: Off, isOn: boolean): Off[] {
  const others = off.filter((entry) => !isSame(entry, changed))
  return isOn ? others : [...others, changed]
}

/** True if a server, or a tool by itself, is not off. */
export function isOnIn(off: readonly Off[], entry: Off): boolean {
  return !off.some((one) => isSame(one, entry))
}

/**
 * The request that begins a conversation, with what its person switched off before. Every other
 * request is returned unchanged.
 */
export function withSwitches(init: RequestInit | undefined, off: readonly Off[]): RequestInit | undefined {
  if (off.length === 0 || typeof init?.body !== 'string' || !init.body.includes('threads.create')) return init
  const request = JSON.parse(init.body) as { type?: unknown; metadata?: object }
  if (request.type !== 'threads.create') return init
  return { ...init, body: JSON.stringify({ ...request, metadata: { ...request.metadata, switched_off: off } }) }
}
