'use server'

import type { Examined } from '#app/admin/examination-button.tsx'
import { serverAction } from '#app/server-action.ts'
import { examineModel } from '#lib/agent/models/examination/examine-model.ts'
import { addProvider, changeProvider, removeProvider, requireProvider } from '#lib/data/models/model-providers.ts'
import { addModel, changeModel, removeModel, requireStoredModel } from '#lib/data/models/offered-models.ts'
import { parseModelForm } from './parse-model-form.ts'
import { parseProviderForm } from './parse-provider-form.ts'
import { requireAdminModel } from './require-admin-model.ts'

const GATE = { who: 'admin', failure: 'a change of the models failed', refresh: '/admin/models' } as const
/** A test costs money at the provider. */
const TESTS = { name: 'model tests', points: 20, seconds: 600 }

const idOf = (form: FormData, name: string) => String(form.get(name) ?? '')

/** Adds the form's provider, or changes the one that the form's `provider` names. */
export const saveProvider = serverAction({ ...GATE, leadTo: () => '/admin/models' }, async (admin, form: FormData) => {
  const id = idOf(form, 'provider')
  const before = id ? await requireProvider(id) : undefined
  const wish = parseProviderForm(form, before)
  if (before) await changeProvider(admin, before.id, wish)
  else await addProvider(admin, wish)
})

/** Removes a provider with its key and its models. */
export const deleteProvider = serverAction({ ...GATE, leadTo: () => '/admin/models' }, (admin, form: FormData) =>
  removeProvider(admin, idOf(form, 'provider')),
)

/** Offers the form's model, or changes the one that the form's `id` names. */
export const saveModel = serverAction(
  { ...GATE, leadTo: (id: string) => `/admin/models/${id}` },
  async (admin, form: FormData) => {
    const id = idOf(form, 'id')
    const before = id ? await requireStoredModel(id) : undefined
    const wish = await parseModelForm(form, await requireProvider(before?.providerId ?? idOf(form, 'provider')), id)
    if (!before) return addModel(admin, wish)
    await changeModel(admin, before.id, wish)
    return before.id
  },
)

/** Withdraws a model for good. */
export const deleteModel = serverAction({ ...GATE, leadTo: () => '/admin/models' }, (admin, form: FormData) =>
  removeModel(admin, idOf(form, 'id')),
)

/** Tries what a model can do, with a few requests to its provider. */
export const testModel = serverAction({ ...GATE, limit: TESTS }, async (admin, id: string): Promise<Examined> => {
  const { model, access } = await requireAdminModel(id)
  const steps = await examineModel(model, access, admin.userId)
  const has = (outcome: Examined['verdict']) => steps.some((step) => step.outcome === outcome)
  return { steps, verdict: has('failed') ? 'failed' : has('warning') ? 'warning' : 'ok' }
})
