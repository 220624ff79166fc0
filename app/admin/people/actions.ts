'use server'

import { revalidatePath } from 'next/cache'
import type { ActionOutcome } from '#app/ui/forms/action-form.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { endSessionsOf, setDisabled, setRole } from '#lib/data/people/people.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

/** Makes the account in the form's `person` an admin or a member, according to its `role`. */
export async function changeRole(form: FormData): Promise<ActionOutcome> {
  const admin = await requirePageAdmin()
  const role = form.get('role')
  if (role !== 'admin' && role !== 'member') return { error: 'This role does not exist.' }
  return settle(() => setRole(admin, personOf(form), role))
}

/** Disables the account. */
export async function disablePerson(form: FormData): Promise<ActionOutcome> {
  const admin = await requirePageAdmin()
  return settle(() => setDisabled(admin, personOf(form), true))
}

/** Enables a disabled account again. */
export async function enablePerson(form: FormData): Promise<ActionOutcome> {
  const admin = await requirePageAdmin()
  return settle(() => setDisabled(admin, personOf(form), false))
}

/** Ends all sessions of the account. */
export async function signOutPerson(form: FormData): Promise<ActionOutcome> {
  const admin = await requirePageAdmin()
  return settle(() => endSessionsOf(admin, personOf(form)))
}

const personOf = (form: FormData) => String(form.get('person') ?? '')

async function settle(work: () => Promise<void>): Promise<ActionOutcome> {
  try {
    await work()
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.status >= 500) log.error({ error: thrown }, 'account not changed')
    return { error: error.message }
  }
  revalidatePath('/admin/people')
  return undefined
}
