'use server'

import { serverAction } from '#app/server-action.ts'
import { endSessionsOf, setDisabled, setRole } from '#lib/data/people/people.ts'
import { AppError } from '#lib/platform/errors.ts'

const GATE = { who: 'admin', failure: 'account not changed', refresh: '/admin/people' } as const

/** Makes the account in the form's `person` an admin or a member, according to its `role`. */
export const changeRole = serverAction(GATE, async (admin, form: FormData) => {
  const role = form.get('role')
  if (role !== 'admin' && role !== 'member') throw new AppError('bad_request', 'This role does not exist.')
  await setRole(admin, personOf(form), role)
})

/** Disables the account. */
export const disablePerson = serverAction(GATE, (admin, form: FormData) => setDisabled(admin, personOf(form), true))

/** Enables a disabled account again. */
export const enablePerson = serverAction(GATE, (admin, form: FormData) => setDisabled(admin, personOf(form), false))

/** Ends all sessions of the account. */
export const signOutPerson = serverAction(GATE, (admin, form: FormData) => endSessionsOf(admin, personOf(form)))

const personOf = (form: FormData) => String(form.get('person') ?? '')
