import type { Capabilities, Prices, ReasoningLevel } from '#lib/data/models/model-facts.ts'

/** What is known of a model before anybody has said it. */
export type KnownModel = {
  name: string
  contextWindowTokens: number
  maxOutputTokens: number
  capabilities: Capabilities
  prices: Prices
}

const EFFORTS: ReasoningLevel[] = ['low', 'medium', 'high', 'xhigh', 'max']

/** All of them take 1,050,000 tokens, of which the answer may have 128,000. */
function openAIModel(name: string, reasoningLevels: ReasoningLevel[], dollars: [number, number, number]): KnownModel {
  const [input = 0, cachedInput = 0, output = 0] = dollars.map((price) => Math.round(price * 1_000_000))
  return {
    name,
    contextWindowTokens: 1_050_000,
    maxOutputTokens: 128_000,
    capabilities: { tools: true, pictures: true, files: true, reasoningLevels },
    prices: { input, cachedInput, output },
  }
}

/**
 * OpenAI's present models, by id. Prices are dollars per million tokens of input, cached input and
 * output, for requests of up to 272,000 tokens; longer ones cost up to twice as much. Looked up on
 * 2026-11-29 on the models' pages.
 */
const KNOWN: Record<string, KnownModel> = {
  'gpt-6.2-astra': openAIModel('GPT-6.2 Astra', EFFORTS, [8, 0.4, 40]),
  'gpt-6.2-sol': openAIModel('GPT-6.2 Sol', EFFORTS, [2, 0.1, 10]),
  'gpt-6.1-sol': openAIModel('GPT-6.1 Sol', EFFORTS, [2, 0.1, 10]),
  'gpt-6.1-terra': openAIModel('GPT-6.1 Terra', ['none', ...EFFORTS], [1, 0.05, 5]),
  'gpt-6-luna': openAIModel('GPT-6 Luna', ['none', ...EFFORTS], [0.1, 0.01, 0.5]),
}

/** The context window (tokens) that is assumed of a model that nobody knows. */
export const UNKNOWN_WINDOW_TOKENS = 32_768

/**
 * What is known of a model of this id. A provider may put its maker before the name:
 * `openai/gpt-6.2-sol`.
 */
export function findKnownModel(model: string): KnownModel | undefined {
  const name = model.slice(model.lastIndexOf('/') + 1)
  return Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
}
