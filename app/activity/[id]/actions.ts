'use server'

import { redirect } from 'next/navigation'
import { repeatFrom } from '#app/repeat-from.ts'
import type { ActionOutcome } from '#app/ui/forms/action-form.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'

/** Repeats one of the person's own calls and shows the new one. */
export async function repeatMyCall(form: FormData): Promise<ActionOutcome> {
  const { role: _, ...caller } = await requirePageCaller()
  // Acts as a member, even for an admin: this page shows only the person's own calls.
  const made = await repeatFrom({ ...caller, role: 'member' }, form)
  if ('error' in made) return made
  redirect(`/activity/${made.id}`)
}
