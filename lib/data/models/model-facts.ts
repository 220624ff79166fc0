import { z } from 'zod'

/** The APIs of model servers that we speak. */
const MODEL_APIS = ['responses', 'chat_completions'] as const
export type ModelApi = (typeof MODEL_APIS)[number]

/** How hard a model may think, in the words of the API, from least to most. */
export const REASONING_LEVELS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type ReasoningLevel = (typeof REASONING_LEVELS)[number]

/**
 * What a model is offered for: to answer in the chat (people choose it), to name conversations, to
 * summarise earlier messages, to turn speech into text.
 */
const MODEL_USES = ['chat', 'titles', 'summaries', 'transcription'] as const
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
