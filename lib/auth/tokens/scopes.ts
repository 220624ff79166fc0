import type { Caller } from '#lib/platform/crypto/caller.ts'

/** What a token may be allowed to do, each with the words that people read when they choose or consent. */
export const SCOPES = {
  'tasks:read': 'See your tasks',
  'tasks:write': 'Add, change, complete and delete your tasks',
  'notes:read': 'Search and read your notes',
  'notes:write': 'Write, change and delete your notes',
} as const

export type Scope = keyof typeof SCOPES

/** True for the name of a scope, and not for what every object inherits ("constructor"). */
export function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name)
}

/** True where the caller may use `scope`. A person in their own session or run has every scope; a token has those it was made with. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.via !== 'token' || caller.scopes.includes(scope)
}
