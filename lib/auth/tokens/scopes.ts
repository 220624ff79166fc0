import type { Caller } from '#lib/platform/crypto/caller.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

/** The scopes a token may have, each with the text that people see when they choose or consent. */
export const SCOPES = {
  'tasks:read': 'See your tasks',
  'tasks:write': 'Add, change, complete and delete your tasks',
  'notes:read': 'Search and read your notes',
  'notes:write': 'Write, change and delete your notes',
} as const satisfies Record<string, Sentence>

export type Scope = keyof typeof SCOPES

/** True for the name of a scope. False for names that every object inherits ("constructor"). */
export function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name)
}

/**
 * True if the caller may use `scope`. A person's own session or run has every scope; a token has
 * the scopes it was issued with.
 */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.via !== 'token' || caller.scopes.includes(scope)
}
