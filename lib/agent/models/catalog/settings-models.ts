import { findKnownModel, UNKNOWN_WINDOW_TOKENS } from '#lib/agent/models/catalog/known-models.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { DEMO_NAME } from '#lib/agent/models/demo/demo-model.ts'
import { EVERYBODY } from '#lib/data/audience.ts'
import { env } from '#lib/platform/env.ts'

/** The model of the settings, and what it is called wherever it is remembered. */
const SETTINGS_MODEL_ID = 'settings'
const SETTINGS_PROVIDER_ID = 'settings'

/** The demo assistant, which answers while no model is offered. */
export const DEMO_MODEL: OfferedModel = {
  id: 'demo',
  name: 'Demo assistant',
  description: 'Understands plain requests about tasks and notes, without a model.',
  provider: { id: 'demo', name: 'This server' },
  model: DEMO_NAME,
  api: 'responses',
  contextWindowTokens: UNKNOWN_WINDOW_TOKENS,
  maxOutputTokens: null,
  capabilities: { tools: true, pictures: false, files: false, reasoningLevels: [] },
  prices: { input: 0, cachedInput: 0, output: 0 },
  audience: EVERYBODY,
  isDefault: true,
  uses: ['chat'],
  fallbackId: null,
  origin: 'demo',
}

/** The models that the settings name: none, if they name neither a key nor a server. */
export function readSettingsModels(): OfferedModel[] {
  const settings = env()
  const { OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_API, OPENAI_MODEL, OPENAI_TRANSCRIPTION_MODEL } = settings
  if (!OPENAI_API_KEY && !OPENAI_BASE_URL) return []
  const known = findKnownModel(OPENAI_MODEL)
  const host = OPENAI_BASE_URL === undefined ? 'OpenAI' : new URL(OPENAI_BASE_URL).host
  const chat: OfferedModel = {
    id: SETTINGS_MODEL_ID,
    name: known?.name ?? OPENAI_MODEL,
    description: null,
    provider: { id: SETTINGS_PROVIDER_ID, name: host },
    model: OPENAI_MODEL,
    api: OPENAI_API,
    contextWindowTokens: settings.OPENAI_CONTEXT_TOKENS ?? known?.contextWindowTokens ?? UNKNOWN_WINDOW_TOKENS,
    maxOutputTokens: known?.maxOutputTokens ?? null,
    // Of a model that nobody knows everything is tried, as ever: what it refuses is then left out.
    capabilities: known?.capabilities ?? { tools: true, pictures: true, files: true, reasoningLevels: [] },
    // Another company may sell the same model at another price.
    prices: OPENAI_BASE_URL === undefined ? (known?.prices ?? null) : null,
    audience: EVERYBODY,
    isDefault: true,
    uses: ['chat', 'titles', 'summaries'],
    fallbackId: null,
    origin: 'settings',
  }
  if (OPENAI_TRANSCRIPTION_MODEL === 'off') return [chat]
  const speech: OfferedModel = {
    ...chat,
    id: `${SETTINGS_MODEL_ID}:speech`,
    name: OPENAI_TRANSCRIPTION_MODEL,
    model: OPENAI_TRANSCRIPTION_MODEL,
    prices: null,
    isDefault: false,
    uses: ['transcription'],
  }
  return [chat, speech]
}
