'use server'

import { z } from 'zod'
import { serverAction } from '#app/server-action.ts'
import { listAssistants } from '#lib/agent/assistants/list-assistants.ts'
import { previewInstructions } from '#lib/agent/input/preview-instructions.ts'
import { BRIEF_MAX_TOKENS } from '#lib/agent/input/write-brief.ts'
import { findVersion } from '#lib/data/assistants/assistant-versions.ts'
import { removeAssistant, saveAssistant } from '#lib/data/assistants/assistants.ts'
import { saveOrganisation } from '#lib/data/assistants/organisation.ts'
import { findAccountByEmail } from '#lib/data/people/users.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { parseAssistantForm, requireFitting } from './parse-assistant-form.ts'

const GATE = { who: 'admin', failure: 'a change of an assistant failed', refresh: '/admin/assistants' } as const
const OfFile = 'This assistant is in ASSISTANTS_FILE. Change it there.'

/** Saves the form as a new version, and leads to the assistant's page. */
export const saveVersion = serverAction(
  { ...GATE, leadTo: (slug: string) => `/admin/assistants/${slug}` },
  async (admin, form: FormData) => {
    const { slug, config } = await parseAssistantForm(form)
    await requireOfPage(slug)
    await saveAssistant(admin, slug, config, { base: readNumber(form, 'base') })
    return slug
  },
)

/** Saves an older version again, as a new one. */
export const restoreVersion = serverAction(
  { ...GATE, leadTo: (slug: string) => `/admin/assistants/${slug}` },
  async (admin, form: FormData) => {
    const slug = slugOf(form)
    const { version } = await requireOfPage(slug)
    const older = await findVersion({ slug, origin: 'page' }, readNumber(form, 'number'))
    if (!older?.config || !version) throw notFound('The version')
    await saveAssistant(admin, slug, older.config, { base: version.number, restoredFrom: older.number })
    return slug
  },
)

/** Takes an assistant away from everybody. The default one is again as it is built in. */
export const deleteAssistant = serverAction(
  { ...GATE, leadTo: () => '/admin/assistants' },
  async (admin, form: FormData) => removeAssistant(admin, slugOf(form)),
)

const OrganisationForm = z.object({
  name: z.string().transform(toStorableText).pipe(z.string().trim().max(100, 'Name: 100 characters are the most.')),
  instructions: z.string().transform((text) => toStorableText(text.replaceAll('\r\n', '\n')).trim()),
})

/** Saves what holds for every assistant. */
export const saveForAll = serverAction(
  { ...GATE, leadTo: () => '/admin/assistants' },
  async (admin, form: FormData) => {
    const parsed = OrganisationForm.safeParse({ name: form.get('name'), instructions: form.get('instructions') })
    if (!parsed.success)
      throw new AppError('bad_request', parsed.error.issues[0]?.message ?? 'The form is not readable.')
    requireFitting(parsed.data.instructions, BRIEF_MAX_TOKENS.organisation)
    await saveOrganisation(admin, { ...parsed.data, revision: readNumber(form, 'revision') })
  },
)

/**
 * The instructions of a form, or of the assistant as it is saved, as a person would get them: the
 * one with the address `as`, else the admin.
 */
export const showInstructions = serverAction(
  { who: 'admin', failure: 'instructions could not be shown' },
  async (admin, form: FormData) => {
    const as = String(form.get('as') ?? '')
      .trim()
      .toLowerCase()
    const person = as ? await findAccountByEmail(as) : { id: admin.userId }
    if (!person) throw new AppError('bad_request', 'No account has this address.')
    return { text: await previewInstructions(await readShown(form), person.id) }
  },
)

async function readShown(form: FormData) {
  if (form.has('instructions')) {
    const { slug, config } = await parseAssistantForm(form)
    return { slug, ...config }
  }
  const found = (await listAssistants()).find(({ slug }) => slug === slugOf(form))
  if (!found) throw notFound('The assistant')
  return { slug: found.slug, ...found.config }
}

/** The assistant of this slug that a page may change, or none yet. Throws conflict for one of the file. */
async function requireOfPage(slug: string) {
  const found = (await listAssistants()).find((assistant) => assistant.slug === slug)
  if (found?.origin === 'file') throw new AppError('conflict', OfFile)
  return { version: found?.version ?? null }
}

const slugOf = (form: FormData) => String(form.get('slug') ?? '')

function readNumber(form: FormData, name: string): number {
  const value = Number(form.get(name))
  if (!Number.isSafeInteger(value) || value < 0)
    throw new AppError('bad_request', 'This form is out of date. Open it again.')
  return value
}
