import { z } from 'zod'
import { parseAudience } from '#app/admin/audience/parse-audience.ts'
import { listModelChoices } from '#app/admin/models/list-model-choices.ts'
import { findKnownModel, UNKNOWN_WINDOW_TOKENS } from '#lib/agent/models/catalog/known-models.ts'
import { toMicros } from '#lib/agent/models/catalog/price-text.ts'
import {
  ContextTokens,
  Description,
  MaxOutputTokens,
  MODEL_USES,
  ModelName,
  type Prices,
  ProviderModelId,
  REASONING_LEVELS,
} from '#lib/data/models/model-facts.ts'
import type { ModelWish } from '#lib/data/models/offered-models.ts'
import type { StoredProvider } from '#lib/data/models/stored-models.ts'
import { AppError } from '#lib/platform/errors.ts'

const Wish = z.object({
  name: ModelName,
  description: Description,
  model: ProviderModelId,
  contextTokens: ContextTokens,
  maxOutputTokens: MaxOutputTokens.nullable(),
})

const LABELS: Record<string, string> = {
  name: 'Name',
  description: 'Description',
  model: 'Id at the provider',
  contextTokens: 'Context window',
  maxOutputTokens: 'Longest answer',
}

/**
 * Reads the form of a model. What is left empty is as known of OpenAI's models. `id` is that of the
 * model being changed. Throws bad_request.
 */
export async function parseModelForm(form: FormData, provider: StoredProvider, id: string): Promise<ModelWish> {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const isOn = (name: string) => form.get(name) === 'on'
  const known = findKnownModel(text('model'))
  const whole = (name: string) => (text(name) === '' ? undefined : Number(text(name).replaceAll(/[\s,_]/g, '')))
  const parsed = Wish.safeParse({
    name: text('name'),
    description: text('description'),
    model: text('model'),
    contextTokens: whole('contextTokens') ?? known?.contextWindowTokens ?? UNKNOWN_WINDOW_TOKENS,
    maxOutputTokens: whole('maxOutputTokens') ?? known?.maxOutputTokens ?? null,
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new AppError('bad_request', `${LABELS[String(issue?.path[0])] ?? 'The form'}: ${issue?.message}.`)
  }
  const uses = MODEL_USES.filter((use) => isOn(`use-${use}`))
  if (uses.length === 0) throw new AppError('bad_request', 'Say what the model is for: the chat, or something else.')
  const isDefault = isOn('isDefault')
  if (isDefault && !uses.includes('chat'))
    throw new AppError('bad_request', 'Only a model for the chat can be the default.')
  const fallbackId = text('fallbackId') || null
  if (fallbackId !== null && fallbackId === id)
    throw new AppError('bad_request', 'If it fails: a model cannot take its own place.')
  if (fallbackId !== null && !(await listModelChoices()).models.some((model) => model.id === fallbackId))
    throw new AppError('bad_request', 'If it fails: choose a model that is for the chat.')
  return {
    ...parsed.data,
    description: parsed.data.description || null,
    providerId: provider.id,
    enabled: isOn('enabled'),
    capabilities: {
      tools: isOn('tools'),
      pictures: isOn('pictures'),
      files: isOn('files'),
      reasoningLevels: REASONING_LEVELS.filter((level) => isOn(`level-${level}`)),
    },
    prices: readPrices(text) ?? (isOfOpenAI(provider) ? (known?.prices ?? null) : null),
    audience: await parseAudience(form),
    uses,
    isDefault,
    fallbackId,
  }
}

function readPrices(text: (name: string) => string): Prices | null {
  const [input, cached, output] = ['priceInput', 'priceCached', 'priceOutput'].map(text)
  if (!input && !cached && !output) return null
  const inputMicros = toMicros(input ?? '')
  const cachedMicros = cached ? toMicros(cached) : inputMicros
  const outputMicros = toMicros(output ?? '')
  if (inputMicros === undefined || cachedMicros === undefined || outputMicros === undefined)
    throw new AppError(
      'bad_request',
      'Prices: write dollars per million tokens for input and output, such as 2 and 0.05, with at most six places.',
    )
  return { input: inputMicros, cachedInput: cachedMicros, output: outputMicros }
}

function isOfOpenAI({ baseUrl }: StoredProvider): boolean {
  return new URL(baseUrl).hostname === 'api.openai.com'
}
