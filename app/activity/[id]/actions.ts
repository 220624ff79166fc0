'use server'

import { redirect } from 'next/navigation'
import { repeatFrom } from '#app/repeat-from.ts'
import type { ActionOutcome } from '#app/ui/forms/action-form.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'

/** Makes one of the person's own calls again, and shows it. */
export async function repeatMyCall(form: FormData): Promise<ActionOutcome> {
  const { role: _, ...caller } = await requirePageCaller()
  // As a member, whatever they are: this page knows their own calls alone.
  const made = await repeatFrom({ ...caller, role: 'member' }, form)
  if ('error' in made) return made
  redirect(`/activity/${made.id}`)
}
