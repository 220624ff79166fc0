import type { ShownAudience } from '#app/admin/audience/audience-fields.tsx'
import { Audience, EVERYBODY } from '#lib/data/audience.ts'
import { listNamedPeople } from '#lib/data/people/people.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Reads the fields of an audience. Throws bad_request if nobody was chosen, and for an address that
 * no account has.
 */
export async function parseAudience(form: FormData): Promise<Audience> {
  const kind = form.get('audience')
  if (kind === 'everybody') return EVERYBODY
  // A form without the field must not offer a thing to everybody.
  if (kind !== 'chosen') throw new AppError('bad_request', 'For: choose who may use it.')
  const roles = [
    ...(form.get('audienceAdmins') === 'on' ? ['admin'] : []),
    ...(form.get('audienceMembers') === 'on' ? ['member'] : []),
  ]
  const emails = [
    ...new Set(
      String(form.get('audiencePeople') ?? '')
        .toLowerCase()
        .split(/[\s,;]+/)
        .filter(Boolean),
    ),
  ]
  const people = emails.length > 0 ? await listNamedPeople({ emails }) : []
  const unknown = emails.find((email) => !people.some((person) => person.email === email))
  if (unknown !== undefined)
    throw new AppError('bad_request', `People: no account has the address ${unknown.slice(0, 320)}.`)
  const parsed = Audience.safeParse({ kind: 'chosen', roles, people: people.map(({ id }) => id) })
  if (!parsed.success) throw new AppError('bad_request', 'People: name at most 500 accounts, or choose a role.')
  return parsed.data
}

/** An audience as its fields show it. Accounts that are gone are left out. */
export async function toShownAudience(audience: Audience): Promise<ShownAudience> {
  if (audience.kind === 'everybody') return audience
  const people = audience.people.length > 0 ? await listNamedPeople({ ids: audience.people }) : []
  return { kind: 'chosen', roles: audience.roles, emails: people.map(({ email }) => email) }
}
