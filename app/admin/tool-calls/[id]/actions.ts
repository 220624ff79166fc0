'use server'

import { redirect } from 'next/navigation'
import { requirePageAdmin } from '#lib/auth/page-caller.ts'
import { repeatFrom } from '../../../repeat-from.ts'
import type { ActionOutcome } from '../../../ui/action-form.tsx'

/** Makes anybody's call again, as far as an admin may, and shows it. */
export async function repeatAnyCall(form: FormData): Promise<ActionOutcome> {
  const made = await repeatFrom(await requirePageAdmin(), form)
  if ('error' in made) return made
  redirect(`/admin/tool-calls/${made.id}`)
}
