'use server'

import { revalidatePath } from 'next/cache'
import type { ActionOutcome } from '#app/ui/forms/action-form.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { deletePolicy, savePolicy } from '#lib/data/servers/policies.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { readPolicy } from './form-data.ts'

/** Saves the form's policy for one tool, or for all tools of a server. */
export async function setPolicy(form: FormData): Promise<ActionOutcome> {
  const admin = await requirePageAdmin()
  const policy = readPolicy(form)
  if ('error' in policy) return policy
  return settle(() => savePolicy(admin, policy))
}

/** Removes the policy for the form's `server` and `tool`. */
export async function removePolicy(form: FormData): Promise<ActionOutcome> {
  const admin = await requirePageAdmin()
  return settle(() =>
    deletePolicy(admin, { server: String(form.get('server') ?? ''), tool: String(form.get('tool') ?? '') }),
  )
}

async function settle(work: () => Promise<void>): Promise<ActionOutcome> {
  try {
    await work()
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.status >= 500) log.error({ error: thrown }, 'tool policy not changed')
    return { error: error.message }
  }
  revalidatePath('/admin/policies')
  return undefined
}
