import { z } from 'zod'

/** The APIs of model servers that we speak. */
export const ModelApi = z.enum(['responses', 'chat_completions'])
export type ModelApi = z.infer<typeof ModelApi>

/** How hard a model may think, in the words of the API, from least to most. */
export const REASONING_LEVELS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type ReasoningLevel = (typeof REASONING_LEVELS)[number]

/**
 * What a model is offered for: to answer in the chat (people choose it), to name conversations, to
 * summarise earlier messages, to turn speech into text.
 */
export const MODEL_USES = ['chat', 'titles', 'summaries', 'transcription'] as const
export type ModelUse = (typeof MODEL_USES)[number]

/** A million dollars per million tokens, in millionths of a dollar: still exact as a number. */
const MICROS_MAX = 1_000_000_000_000
const micros = z.int().min(0).max(MICROS_MAX)

/**
 * What a million tokens cost, in millionths of a US dollar: 2_000_000 is $2. `cachedInput` is the
 * price of input that the provider has cached.
 */
export const Prices = z.strictObject({ input: micros, cachedInput: micros, output: micros })
export type Prices = z.infer<typeof Prices>

/** What a model can do. `reasoningLevels` are those that people may choose; none is usual. */
export const Capabilities = z.strictObject({
  tools: z.boolean().default(true),
  pictures: z.boolean().default(false),
  files: z.boolean().default(false),
  reasoningLevels: z.array(z.enum(REASONING_LEVELS)).max(REASONING_LEVELS.length).default([]),
})
export type Capabilities = z.infer<typeof Capabilities>

/** The smallest and the largest context window (tokens) that can be set. */
const WINDOW_MIN_TOKENS = 1_000
const WINDOW_MAX_TOKENS = 100_000_000
const windowProblem = `must be a whole number from ${WINDOW_MIN_TOKENS} to ${WINDOW_MAX_TOKENS}`
export const ContextTokens = z
  .int(windowProblem)
  .min(WINDOW_MIN_TOKENS, windowProblem)
  .max(WINDOW_MAX_TOKENS, windowProblem)
export const MaxOutputTokens = z
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(WINDOW_MAX_TOKENS, windowProblem)

/** A name of a provider or a model, for people. */
export const ModelName = z
  .string('must be a name')
  .trim()
  .min(1, 'must not be empty')
  .max(80, 'must have at most 80 characters')
  .regex(/^[^\p{Cc}]*$/u, 'must be one line')

/** A model's id at its provider. */
export const ProviderModelId = z
  .string('must be the id of a model')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\p{Cc}\s]*$/u, 'must have no spaces')

export const Description = z
  .string()
  .trim()
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\p{Cc}]*$/u, 'must be one line')
