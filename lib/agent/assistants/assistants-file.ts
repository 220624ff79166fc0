import { z } from 'zod'
import { listUnknownPlaces } from '#lib/agent/assistants/fill-placeholders.ts'
import { AssistantConfig, Slug } from '#lib/data/assistants/assistant-config.ts'
import { listTwice, settingsFile } from '#lib/platform/settings-file.ts'

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

/**
 * What ASSISTANTS_FILE says. A mistake that is made while the server runs keeps what was read
 * before. Throws SettingsError that says what is wrong and where, if nothing was.
 */
export function readAssistantsFile(): AssistantsFile {
  return file.read() ?? EMPTY
}

/** What is wrong with ASSISTANTS_FILE now; undefined if nothing is. */
export const findAssistantsFileProblem = (): string | undefined => file.findProblem()

const file = settingsFile('ASSISTANTS_FILE', AssistantsFile, ({ assistants }) =>
  listTwice(assistants.map(({ slug }) => slug)).map((slug) => `two assistants have the slug ${slug}`),
)
