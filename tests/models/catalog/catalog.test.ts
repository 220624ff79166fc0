import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findModelForUse, modelsFor, requireModelFor } from '#lib/agent/models/catalog/models-for.ts'
import { DEFAULT_MODEL } from '#lib/platform/default-models.ts'
import { withSettings } from '#tests/support/settings.ts'

const ANN = { id: 'usr_ann', role: 'member' } as const
const ROOT = path.resolve(import.meta.dirname, '../../..')

test('without any model the demo assistant is offered', async () => {
  expect(await modelsFor(ANN)).toMatchObject([{ id: 'demo', name: 'Demo assistant' }])
  expect(await findModelForUse(ANN, 'titles')).toBeUndefined()
  expect(await findModelForUse(ANN, 'transcription')).toBeUndefined()
})

test("the settings' model is offered, with the window and prices that are known of OpenAI's models", async () => {
  withSettings({ OPENAI_API_KEY: 'k' })
  expect(await modelsFor(ANN)).toMatchObject([
    {
      id: 'settings',
      name: 'GPT-6.2 Sol',
      model: DEFAULT_MODEL,
      provider: { name: 'OpenAI' },
      contextWindowTokens: 1_050_000,
      maxOutputTokens: 128_000,
      prices: { input: 2_000_000, cachedInput: 100_000, output: 10_000_000 },
      isDefault: true,
    },
  ])
  expect(await findModelForUse(ANN, 'titles')).toMatchObject({ id: 'settings' })
  expect(await findModelForUse(ANN, 'transcription')).toMatchObject({ model: 'gpt-transcribe' })
})

test('of another model the settings say the window, and nobody knows the price', async () => {
  const settings = { OPENAI_BASE_URL: 'http://localhost:11434/v1', OPENAI_MODEL: 'qwen3' }
  withSettings(settings)
  expect(await modelsFor(ANN)).toMatchObject([
    { name: 'qwen3', provider: { name: 'localhost:11434' }, contextWindowTokens: 32_768, prices: null },
  ])
  withSettings({ ...settings, OPENAI_CONTEXT_TOKENS: '131072' })
  expect(await modelsFor(ANN)).toMatchObject([{ contextWindowTokens: 131_072 }])
})

test('a model that is not offered is refused like one that does not exist', async () => {
  withSettings({ OPENAI_API_KEY: 'k' })
  expect(await requireModelFor(ANN)).toMatchObject({ id: 'settings' })
  expect(await requireModelFor(ANN, 'settings')).toMatchObject({ id: 'settings' })
  for (const wanted of ['demo', 'settings:speech', '', 'mdl_none', '__proto__'])
    await expect(requireModelFor(ANN, wanted)).rejects.toMatchObject({
      code: 'not_found',
      message: 'This model is not offered. Choose another one.',
    })
})

test('README, documents and examples name only the default models', () => {
  const known = ['gpt-6.2-sol', 'gpt-transcribe', 'gpt-6-luna']
  const files = ['README.md', 'docs/settings.md', ...globSync('examples/**/*.{ts,tsx,md}', { cwd: ROOT })]
  const named = files.flatMap((file) => [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/\bgpt-[\w.-]*[\w]/g)])
  expect(named.length).toBeGreaterThan(2)
  expect(named.map(([name]) => name).filter((name) => !known.includes(name))).toEqual([])
})
