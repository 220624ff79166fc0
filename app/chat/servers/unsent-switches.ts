'use client'

import type { Off } from './ask-servers.ts'

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
