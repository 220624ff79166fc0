'use server'

import { redirect } from 'next/navigation'
import { repeatFrom } from '#app/repeat-from.ts'
import type { ActionOutcome } from '#app/ui/forms/action-form.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'

/** Repeats anyone's call, within what an admin may do, and shows the new one. */
export async function repeatAnyCall(form: FormData): Promise<ActionOutcome> {
  const made = await repeatFrom(await requirePageAdmin(), form)
  if ('error' in made) return made
  redirect(`/admin/tool-calls/${made.id}`)
}
