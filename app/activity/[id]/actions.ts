'use server'

import { REPEATING, repeatFrom } from '#app/repeat-from.ts'
import { serverAction } from '#app/server-action.ts'

/** Repeats one of the person's own calls and shows the new one. */
export const repeatMyCall = serverAction(
  { ...REPEATING, who: 'person', leadTo: (id: string) => `/activity/${id}` },
  // Acts as a member, even for an admin: this page shows only the person's own calls.
  (caller, form: FormData) => repeatFrom({ ...caller, role: 'member' }, form),
)
