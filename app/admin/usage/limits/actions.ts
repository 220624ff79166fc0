'use server'

import { serverAction } from '#app/server-action.ts'
import { deleteLimit, saveLimit } from '#lib/data/usage/usage-limits.ts'
import { parseLimit } from './parse-limit.ts'

const GATE = { who: 'admin', failure: 'limit of use not changed', refresh: '/admin/usage/limits' } as const

/** Saves the form's limit: the one that it names in `id`, else a new one. */
export const setLimit = serverAction({ ...GATE, leadTo: () => '/admin/usage/limits' }, async (admin, form: FormData) =>
  saveLimit(admin, await parseLimit(form), String(form.get('id') ?? '') || undefined),
)

/** Removes the limit that the form names in `id`. */
export const removeLimit = serverAction(GATE, (admin, form: FormData) =>
  deleteLimit(admin, String(form.get('id') ?? '')),
)
