import { z } from 'zod'
import { toMicros } from '#lib/agent/models/catalog/price-text.ts'
import { Audience, EVERYBODY } from '#lib/data/audience.ts'
import {
  ContextTokens,
  Description,
  MaxOutputTokens,
  MODEL_USES,
  ModelApi,
  ModelName,
  type Prices,
  ProviderModelId,
  REASONING_LEVELS,
} from '#lib/data/models/model-facts.ts'
import { BaseUrl, ProviderSecrets } from '#lib/data/models/provider-secrets.ts'
import { listTwice, settingsFile } from '#lib/platform/settings-file.ts'

/** Dollars per million tokens, as a number or as text. */
const price = z.union([z.number(), z.string()]).transform((given, context) => {
  const micros = toMicros(String(given))
  if (micros !== undefined) return micros
  context.addIssue('must be dollars per million tokens, such as 2 or "0.05", with at most six places')
  return z.NEVER
})

const FilePrices = z
  .strictObject({ input: price, cachedInput: price.optional(), output: price })
  .transform(({ input, cachedInput = input, output }): Prices => ({ input, cachedInput, output }))

const FileModel = z.strictObject({
  name: ModelName,
  model: ProviderModelId,
  description: Description.optional(),
  contextTokens: ContextTokens.optional(),
  maxOutputTokens: MaxOutputTokens.optional(),
  tools: z.boolean().optional(),
  pictures: z.boolean().optional(),
  files: z.boolean().optional(),
  reasoningLevels: z.array(z.enum(REASONING_LEVELS)).max(REASONING_LEVELS.length).optional(),
  prices: FilePrices.optional(),
  audience: Audience.default(EVERYBODY),
  uses: z.array(z.enum(MODEL_USES)).max(MODEL_USES.length).default(['chat']),
  default: z.boolean().default(false),
  /** The name of another model. */
  fallback: ModelName.optional(),
})
export type FileModel = z.infer<typeof FileModel>

const FileProvider = z.strictObject({
  name: ModelName,
  /** Without one it is OpenAI. */
  baseUrl: BaseUrl.default('https://api.openai.com/v1'),
  api: ModelApi.default('responses'),
  ...ProviderSecrets.shape,
  models: z.array(FileModel).max(100),
})
export type FileProvider = z.infer<typeof FileProvider>

const ModelsFile = z.strictObject({ providers: z.array(FileProvider).max(50) })

/**
 * The providers in MODELS_FILE, with their models. A mistake that is made while the server runs
 * keeps what was read before. Throws SettingsError that says what is wrong and where, if nothing was.
 */
export function readModelsFile(): FileProvider[] {
  return file.read()?.providers ?? []
}

/** What is wrong with MODELS_FILE now; undefined if nothing is. */
export const findModelsFileProblem = (): string | undefined => file.findProblem()

const file = settingsFile('MODELS_FILE', ModelsFile, ({ providers }) => findConflicts(providers))

function findConflicts(providers: FileProvider[]): string[] {
  const models = providers.flatMap((provider) => provider.models)
  const names = models.map(({ name }) => name)
  const problems = [
    ...listTwice(providers.map(({ name }) => name)).map((name) => `two providers are named ${name}`),
    ...listTwice(names).map((name) => `two models are named ${name}`),
  ]
  for (const { name, fallback } of models)
    if (fallback !== undefined && (fallback === name || !names.includes(fallback)))
      problems.push(`the fallback of ${name} must be the name of another model of the file`)
    else if (models.some((model) => model.name === fallback && !model.uses.includes('chat')))
      problems.push(`the fallback of ${name} must be a model for the chat`)
  if (models.filter((model) => model.default).length > 1) problems.push('more than one model is the default')
  return problems
}
