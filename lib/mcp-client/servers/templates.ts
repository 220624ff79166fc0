/**
 * The facts that templates can use about the person and the run. Empty and missing values are
 * unresolved. `email` is set only if it was verified.
 */
export type TemplateFacts = {
  user: {
    id: string
    email: string | null
    name: string
    role: string
    time_zone: string | null
    locale: string | null
  }
  run?: { id: string }
  thread?: { id: string }
}

const PLACE = /\{\{([^{}]{0,200})\}\}/g

/** The names allowed between the braces, and where each value comes from. */
const VALUES: Record<string, (facts: TemplateFacts) => string | null | undefined> = {
  'user.id': ({ user }) => user.id,
  'user.email': ({ user }) => user.email,
  'user.name': ({ user }) => user.name,
  'user.role': ({ user }) => user.role,
  'user.time_zone': ({ user }) => user.time_zone,
  'user.locale': ({ user }) => user.locale,
  'run.id': ({ run }) => run?.id,
  'thread.id': ({ thread }) => thread?.id,
}

/** The names that templates may use. */
export const TEMPLATE_NAMES = Object.keys(VALUES)

/**
 * A template has a placeholder without a value. Nothing is sent then, least of all the braces. No
 * AppError: `toRefusal` has the sentences.
 */
export class UnresolvedTemplate extends Error {
  readonly place: string
  constructor(place: string) {
    super(`{{${place}}} has no value`)
    this.name = 'UnresolvedTemplate'
    this.place = place
  }
}

/**
 * Replaces every `{{name}}` in the template. Throws UnresolvedTemplate for unknown names, empty
 * values and stray braces.
 */
export function resolveTemplate(template: string, facts: TemplateFacts): string {
  const resolved = template.replace(PLACE, (_, inner: string) => {
    const name = inner.trim()
    const value = Object.hasOwn(VALUES, name) ? VALUES[name]?.(facts) : undefined
    if (!value) throw new UnresolvedTemplate(name)
    return value
  })
  // Checks the template, not the values: a person's name may contain "{{".
  if (/\{\{|\}\}/.test(template.replace(PLACE, ''))) throw new UnresolvedTemplate('…')
  return resolved
}

/**
 * Like `resolveTemplate`, for an HTTP header. Characters other than printable ASCII are
 * percent-encoded.
 */
export function resolveHeader(template: string, facts: TemplateFacts): string {
  return resolveTemplate(template, facts).replace(/[^\x20-\x7e]/gu, (character) =>
    encodeURIComponent(character.toWellFormed()),
  )
}

/**
 * The placeholder names in a template that do not exist, for the form in which templates are
 * written.
 */
export function listUnknownNames(template: string): string[] {
  const names = [...template.matchAll(PLACE)]
    .map(([, inner = '']) => inner.trim())
    .filter((name) => !Object.hasOwn(VALUES, name))
  return /\{\{|\}\}/.test(template.replace(PLACE, '')) ? [...names, '…'] : names
}
