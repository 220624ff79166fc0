import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findModelsFileProblem, readModelsFile } from '#lib/agent/models/catalog/models-file.ts'
import { findModelForUse, modelsFor } from '#lib/agent/models/catalog/models-for.ts'
import { toDollars, toMicros } from '#lib/agent/models/catalog/price-text.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const ANN = { id: 'usr_ann', role: 'member' } as const

let writes = 0

/** Writes MODELS_FILE, with a time of change of its own. */
async function withFile(content: unknown): Promise<(next: unknown) => Promise<void>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-models-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'models.json')
  const write = async (next: unknown) => {
    await writeFile(file, typeof next === 'string' ? next : JSON.stringify(next))
    writes += 1
    await utimes(file, 1_800_000_000 + writes, 1_800_000_000 + writes)
  }
  await write(content)
  withSettings({ MODELS_FILE: file, THREAD_TITLES: 'first_words' })
  return write
}

function problemOf(): string {
  try {
    readModelsFile()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('the file offers models of several providers, without clicks and without the public internet', async () => {
  await using server = await openAIServer({ text: 'from the file' })
  await withFile({
    providers: [
      {
        name: 'Local',
        baseUrl: server.url,
        api: 'chat_completions',
        key: 'the-key-of-the-file',
        headers: { 'x-team': 'blue' },
        models: [
          {
            name: 'Small',
            model: 'small-8b',
            contextTokens: 8_000,
            prices: { input: 0.05, output: '0.1' },
            default: true,
            fallback: 'Big',
          },
          {
            name: 'Big',
            model: 'gpt-6.2-sol',
            audience: { kind: 'chosen', roles: ['admin'] },
            uses: ['chat', 'titles'],
          },
        ],
      },
    ],
  })
  expect(await modelsFor(ANN)).toMatchObject([
    {
      id: 'file:Small',
      origin: 'file',
      provider: { name: 'Local' },
      contextWindowTokens: 8_000,
      prices: { input: 50_000, cachedInput: 50_000, output: 100_000 },
      fallbackId: 'file:Big',
    },
  ])
  expect(await modelsFor({ ...ANN, role: 'admin' })).toMatchObject([
    { name: 'Small' },
    { name: 'Big', contextWindowTokens: 1_050_000, prices: null },
  ])
  expect(await findModelForUse({ ...ANN, role: 'admin' }, 'titles')).toMatchObject({ name: 'Big' })
  // Titles of a member go to a model that is theirs.
  expect(await findModelForUse(ANN, 'titles')).toMatchObject({ name: 'Small' })
  expect(said((await agentDoor(await signedIn()).begin('hello')).events)).toBe('from the file')
  expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer the-key-of-the-file', 'x-team': 'blue' })
})

test('each problem is a line that says where, and quotes no value', async () => {
  const write = await withFile('{ "providers": [ { "key": "sk-secret-of-the-file"')
  expect(problemOf()).toBe('MODELS_FILE is not JSON.')
  const model = { name: 'A', model: 'a' }
  const provider = { name: 'P', models: [model] }
  const cases: [unknown, RegExp][] = [
    [{}, /^MODELS_FILE: providers: /],
    [{ providers: [{ ...provider, baseUrl: 'localhost' }] }, /^MODELS_FILE: providers\.0\.baseUrl: must be an http/],
    [{ providers: [{ ...provider, baseUrl: 'https://ann:pw@example.com' }] }, /baseUrl: must be an http/],
    [{ providers: [{ ...provider, api: 'chat' }] }, /^MODELS_FILE: providers\.0\.api: /],
    [{ providers: [{ ...provider, key: 'sk-secret\nof the file' }] }, /providers\.0\.key: must be one line/],
    [{ providers: [{ ...provider, headers: { host: 'x' } }] }, /headers/],
    [{ providers: [{ name: 'P', models: [{ ...model, contextTokens: 5 }] }] }, /contextTokens: must be a whole number/],
    [
      { providers: [{ name: 'P', models: [{ ...model, prices: { input: 0.0000001, output: 1 } }] }] },
      /prices\.input: must be dollars/,
    ],
    [
      { providers: [{ name: 'P', models: [{ ...model, prices: { input: -1, output: 1 } }] }] },
      /prices\.input: must be dollars/,
    ],
    [{ providers: [{ name: 'P', models: [{ ...model, audience: 'admins' }] }] }, /audience/],
    [{ providers: [{ name: 'P', models: [{ ...model, fallback: 'B' }] }] }, /the fallback of A must be the name/],
    [{ providers: [{ name: 'P', models: [{ ...model, fallback: 'A' }] }] }, /the fallback of A must be the name/],
    [
      {
        providers: [
          {
            name: 'P',
            models: [
              { ...model, fallback: 'B' },
              { ...model, name: 'B', uses: ['titles'] },
            ],
          },
        ],
      },
      /the fallback of A must be a model for the chat/,
    ],
    [{ providers: [{ name: 'P', models: [model, model] }] }, /two models are named A\./],
    [{ providers: [provider, { ...provider, models: [] }] }, /two providers are named P\./],
    [
      {
        providers: [
          {
            name: 'P',
            models: [
              { ...model, default: true },
              { ...model, name: 'B', default: true },
            ],
          },
        ],
      },
      /more than one model/,
    ],
    [{ providers: [{ ...provider, modells: [] }] }, /Unrecognized key/],
  ]
  for (const [content, problem] of cases) {
    await write(content)
    expect([content, problemOf()]).toEqual([content, expect.stringMatching(problem)])
    expect(problemOf()).not.toMatch(/secret|ann:pw/)
  }
  withSettings({ MODELS_FILE: '/nowhere/models.json' })
  expect(problemOf()).toBe('MODELS_FILE cannot be read: ENOENT.')
})

test('a file that is changed is read again, and one that breaks keeps what it said', async () => {
  const offering = (name: string) => ({ providers: [{ name: 'P', models: [{ name, model: 'a' }] }] })
  const write = await withFile(offering('Before'))
  expect(await modelsFor(ANN)).toMatchObject([{ name: 'Before' }])
  await write(offering('After'))
  expect(await modelsFor(ANN)).toMatchObject([{ name: 'After' }])
  expect(findModelsFileProblem()).toBeUndefined()
  await write('{')
  expect(await modelsFor(ANN)).toMatchObject([{ name: 'After' }])
  expect(findModelsFileProblem()).toBe('MODELS_FILE is not JSON.')
  await write(offering('Again'))
  expect(await modelsFor(ANN)).toMatchObject([{ name: 'Again' }])
  expect(findModelsFileProblem()).toBeUndefined()
})

test('a price is exact, there and back', () => {
  for (const [text, micros] of [
    ['2', 2_000_000],
    ['0.05', 50_000],
    ['0.000001', 1],
    ['12.345678', 12_345_678],
    ['0.1', 100_000],
  ] as const) {
    expect(toMicros(text)).toBe(micros)
    expect(toMicros(toDollars(micros))).toBe(micros)
  }
  expect(toDollars(10_000_000)).toBe('10.00')
  for (const text of ['', '-1', '1e3', '.5', '1.', '1,5', '$2', '0.0000001', '12345678', 'NaN'])
    expect([text, toMicros(text)]).toEqual([text, undefined])
})

test('the file of docs/models.md offers what the document says', async () => {
  const document = await readFile(path.resolve(import.meta.dirname, '../../../docs/models.md'), 'utf8')
  const [, file = ''] = /```json\n([\s\S]*?)```/.exec(document) ?? []
  await withFile(file)
  expect(problemOf()).toBe('')
  expect((await modelsFor({ ...ANN, role: 'admin' })).map(({ name }) => name)).toEqual(['GPT-6.2 Sol', 'Our own'])
  expect((await modelsFor(ANN)).map(({ name }) => name)).toEqual(['GPT-6.2 Sol'])
  expect(await modelsFor(ANN)).toMatchObject([
    {
      isDefault: true,
      contextWindowTokens: 1_050_000,
      capabilities: { reasoningLevels: ['high'] },
      fallbackId: 'file:Our own',
    },
  ])
  expect(await findModelForUse(ANN, 'summaries')).toMatchObject({ model: 'gpt-6-luna' })
  expect(await findModelForUse(ANN, 'transcription')).toMatchObject({ model: 'gpt-transcribe' })
})
