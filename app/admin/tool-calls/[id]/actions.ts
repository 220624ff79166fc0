'use server'

import { REPEATING, repeatFrom } from '#app/repeat-from.ts'
import { serverAction } from '#app/server-action.ts'

/** Repeats anyone's call, within what an admin may do, and shows the new one. */
export const repeatAnyCall = serverAction(
  { ...REPEATING, who: 'admin', leadTo: (id: string) => `/admin/tool-calls/${id}` },
  repeatFrom,
)
