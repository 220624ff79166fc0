import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { listUnknownPlaces } from '#lib/agent/assistants/fill-placeholders.ts'
import { AssistantConfig, Slug } from '#lib/data/assistants/assistant-config.ts'
import { env, SettingsError } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

const FILE_MAX_BYTES = 5_000_000

const FileAssistant = z
  .strictObject({ slug: Slug, ...AssistantConfig.shape })
  .superRefine(({ instructions }, context) => {
    for (const place of listUnknownPlaces(instructions))
      context.addIssue({ code: 'custom', path: ['instructions'], message: `{{${place}}} is not a placeholder` })
  })
  .transform(({ slug, ...config }) => ({ slug, config }))

const AssistantsFile = z.strictObject({
  /** What holds for every assistant, instead of the page's. */
  organisation: z
    .strictObject({
      name: z.string().trim().max(100).default(''),
      instructions: z.string().trim().max(8_000).default(''),
    })
    .optional(),
  assistants: z.array(FileAssistant).max(100).default([]),
})
export type AssistantsFile = z.infer<typeof AssistantsFile>

const EMPTY: AssistantsFile = { assistants: [] }

const read = processState(
  'assistants file',
  (): { last?: { path: string; changed: number; content: AssistantsFile } } => ({}),
)

/**
 * What ASSISTANTS_FILE says. Read again when the file changes; a mistake that is made while the
 * server runs is logged, and what was read before counts. Throws SettingsError that says what is
 * wrong and where, if nothing was read before.
 */
export function readAssistantsFile(): AssistantsFile {
  const path = env().ASSISTANTS_FILE
  if (!path) return EMPTY
  const known = read().last?.path === path ? read().last : undefined
  let changed = 0
  try {
    const { mtimeMs, size } = statSync(path)
    changed = mtimeMs
    if (known?.changed === changed) return known.content
    if (size > FILE_MAX_BYTES) throw new SettingsError('ASSISTANTS_FILE has more than 5 MB.')
    const content = parse(readFileSync(path, 'utf8'))
    read().last = { path, changed, content }
    return content
  } catch (error) {
    const problem = toProblem(error)
    if (!known) throw problem
    // Logged once for each change of the file.
    if (changed !== known.changed)
      log.error({ problem: problem.message }, 'ASSISTANTS_FILE is left as it was read before')
    known.changed = changed
    return known.content
  }
}

function toProblem(error: unknown): SettingsError {
  if (error instanceof SettingsError) return error
  return new SettingsError(`ASSISTANTS_FILE cannot be read: ${(error as { code?: string }).code ?? 'unknown error'}.`)
}

function parse(text: string): AssistantsFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new SettingsError(`ASSISTANTS_FILE is not JSON: ${(error as Error).message}.`)
  }
  const parsed = AssistantsFile.safeParse(json)
  if (!parsed.success) {
    const lines = parsed.error.issues
      .slice(0, 10)
      .map(({ path, message }) => `ASSISTANTS_FILE: ${path.join('.') || 'the file'}: ${message}.`)
    throw new SettingsError(lines.join('\n'))
  }
  const slugs = parsed.data.assistants.map(({ slug }) => slug)
  const twice = slugs.find((slug, index) => slugs.indexOf(slug) !== index)
  if (twice) throw new SettingsError(`ASSISTANTS_FILE: two assistants have the slug ${twice}.`)
  return parsed.data
}
