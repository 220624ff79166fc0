import { findKnownModel, UNKNOWN_WINDOW_TOKENS } from '#lib/agent/models/catalog/known-models.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { ProviderAccess, Source } from '#lib/agent/models/catalog/provider-access.ts'
import { DEMO_NAME } from '#lib/agent/models/demo/demo-model.ts'
import { EVERYBODY } from '#lib/data/audience.ts'
import { env } from '#lib/platform/env.ts'

/** The model of the settings and its provider, as they are called wherever they are remembered. */
export const SETTINGS_ID = 'settings'

const OPENAI_URL = 'https://api.openai.com/v1'

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
  capabilities: { tools: true, pictures: true, files: true, reasoningLevels: [] },
  prices: { input: 0, cachedInput: 0, output: 0 },
  audience: EVERYBODY,
  isDefault: true,
  uses: ['chat'],
  fallbackId: null,
  origin: 'demo',
}

/** The models that the settings name: none, if they name neither a key nor a server. */
export function readSettingsModels(): Source {
  const settings = env()
  const { OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_API, OPENAI_MODEL, OPENAI_TRANSCRIPTION_MODEL } = settings
  if (!OPENAI_API_KEY && !OPENAI_BASE_URL) return { models: [], providers: [] }
  const provider: ProviderAccess = {
    id: SETTINGS_ID,
    name: OPENAI_BASE_URL === undefined ? 'OpenAI' : new URL(OPENAI_BASE_URL).host,
    baseUrl: OPENAI_BASE_URL ?? OPENAI_URL,
    api: OPENAI_API,
    key: OPENAI_API_KEY,
    headers: {},
    reach: null,
    isReadable: true,
  }
  const known = findKnownModel(OPENAI_MODEL)
  const chat: OfferedModel = {
    id: SETTINGS_ID,
    name: known?.name ?? OPENAI_MODEL,
    description: null,
    provider: { id: provider.id, name: provider.name },
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
  const speech: OfferedModel = {
    ...chat,
    id: `${SETTINGS_ID}:speech`,
    name: OPENAI_TRANSCRIPTION_MODEL,
    model: OPENAI_TRANSCRIPTION_MODEL,
    prices: null,
    isDefault: false,
    uses: ['transcription'],
  }
  return { models: OPENAI_TRANSCRIPTION_MODEL === 'off' ? [chat] : [chat, speech], providers: [provider] }
}
