/** For whom a call is made, as templates know it. Empty or missing values are unresolved; `email` is only known where it was verified. */
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

/** What stands between the braces, and where the value comes from. */
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

/** A template whose value is not known: nothing is sent, least of all the braces. */
export class UnresolvedTemplate extends Error {
  readonly place: string
  constructor(place: string) {
    super(`{{${place}}} has no value`)
    this.name = 'UnresolvedTemplate'
    this.place = place
  }
}

/** The template with every `{{name}}` in it replaced. Throws UnresolvedTemplate for unknown names, empty values and stray braces. */
export function resolveTemplate(template: string, facts: TemplateFacts): string {
  const resolved = template.replace(PLACE, (_, inner: string) => {
    const name = inner.trim()
    const value = Object.hasOwn(VALUES, name) ? VALUES[name]?.(facts) : undefined
    if (!value) throw new UnresolvedTemplate(name)
    return value
  })
  // Of the template, not of the values: a person may well be called "{{".
  if (/\{\{|\}\}/.test(template.replace(PLACE, ''))) throw new UnresolvedTemplate('…')
  return resolved
}

/** The same for an HTTP header: what does not fit into one (line ends, letters beyond Latin) is percent-encoded. */
export function resolveHeader(template: string, facts: TemplateFacts): string {
  return resolveTemplate(template, facts).replace(/[^\x20-\x7e]/gu, (character) =>
    encodeURIComponent(character.toWellFormed()),
  )
}

/** The names in a template that do not exist, for whoever writes one. */
export function unknownNames(template: string): string[] {
  const names = [...template.matchAll(PLACE)]
    .map(([, inner = '']) => inner.trim())
    .filter((name) => !Object.hasOwn(VALUES, name))
  return /\{\{|\}\}/.test(template.replace(PLACE, '')) ? [...names, '…'] : names
}
