import { SOURCES_META } from '#lib/data/notebook/content-sources.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/** Tells our own agent, and nobody else, where content comes from that others may have written. */
export function toSourcesMeta(caller: Caller, sources: string[]): { _meta?: Record<string, unknown> } {
  return caller.via === 'run' && sources.length > 0 ? { _meta: { [SOURCES_META]: sources } } : {}
}
