import { beforeEach, expect, test, vi } from 'vitest'
import { saveModel, saveProvider, testModel } from '#app/admin/models/actions.ts'
import { removeProvider } from '#lib/data/models/model-providers.ts'
import { listStoredModels } from '#lib/data/models/stored-models.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Next passes the request to actions through these two modules.
let browser = new Headers()
vi.mock('next/headers.js', () => ({ headers: async () => browser }))
vi.mock('next/cache', () => ({ revalidatePath: () => {} }))

let admin: Awaited<ReturnType<typeof signedIn>>
const KEY = 'a-key-that-nobody-may-read-4711'

beforeEach(async () => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on' })
  admin = await signedIn({ role: 'admin' })
  browser = new Headers(admin.headers)
  const { providers } = await listStoredModels()
  for (const { id } of providers) await removeProvider(admin.caller, id)
})

const form = (fields: Record<string, string>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  return data
}
/** What an action answers: its error, or where it redirects. */
async function outcome(acting: Promise<unknown>): Promise<string> {
  try {
    return String(((await acting) as { error?: string } | undefined)?.error)
  } catch (error) {
    return /^NEXT_REDIRECT;[^;]*;([^;]*)/.exec(String((error as { digest?: string }).digest))?.[1] ?? String(error)
  }
}
const PROVIDER = {
  name: 'P',
  baseUrl: 'https://models.example.com/v1/',
  api: 'responses',
  key: KEY,
  headers: 'x-team: blue',
}
const MODEL = { model: 'm-1', name: 'M', 'use-chat': 'on', enabled: 'on', tools: 'on', audience: 'everybody' }

test('a provider and a model are added by their forms, with what is known for empty fields', async () => {
  expect(await outcome(saveProvider(form(PROVIDER)))).toBe('/admin/models')
  const [provider] = (await listStoredModels()).providers
  expect(provider).toMatchObject({
    ...{ name: 'P', baseUrl: 'https://models.example.com/v1', api: 'responses' },
    secrets: { key: KEY, headers: { 'x-team': 'blue' } },
  })
  const id = provider?.id ?? ''
  expect(await outcome(saveModel(form({ ...MODEL, provider: id })))).toMatch(/^\/admin\/models\/mdl_/)
  const priced = {
    priceInput: '0.05',
    priceOutput: '0.2',
    'level-high': 'on',
    isDefault: 'on',
    contextTokens: '131,072',
  }
  expect(await outcome(saveModel(form({ ...MODEL, ...priced, name: 'N', provider: id })))).toMatch(
    /^\/admin\/models\/mdl_/,
  )
  expect(await outcome(saveModel(form({ ...MODEL, name: 'S', model: 'gpt-6.2-sol', provider: id })))).toMatch(/mdl_/)
  expect((await listStoredModels()).models).toMatchObject([
    { name: 'M', contextTokens: 32_768, prices: null, isDefault: false, uses: ['chat'] },
    {
      ...{ name: 'N', contextTokens: 131_072, isDefault: true },
      prices: { input: 50_000, cachedInput: 50_000, output: 200_000 },
      capabilities: { tools: true, pictures: false, reasoningLevels: ['high'] },
    },
    // The window is known, the price only at OpenAI itself.
    { name: 'S', contextTokens: 1_050_000, prices: null },
  ])
})

test('a form that cannot be kept says which field, and nothing is stored', async () => {
  for (const [fields, problem] of [
    [{ name: '' }, /^Name: must not be empty/],
    [{ name: 'two\nlines' }, /^Name: must be one line/],
    [{ baseUrl: 'models' }, /^Address: must be an http or https address/],
    [{ baseUrl: 'https://ann:secret@models.example.com/v1' }, /^Address: /],
    [{ api: 'chat' }, /^API: /],
    [{ key: 'with a \u0000' }, /^Key: must be one line/],
    [{ headers: 'host: evil.example.com' }, /^Headers: .*set by the client/],
    [{ headers: 'no colon' }, /^Headers: each line/],
  ] as const)
    expect([fields, await outcome(saveProvider(form({ ...PROVIDER, ...fields })))]).toEqual([
      fields,
      expect.stringMatching(problem),
    ])
  expect((await listStoredModels()).providers).toEqual([])
  const { providerId } = await offerModel(admin.caller, 'https://models.example.com/v1', { name: 'Taken' })
  const titles = await offerModel(admin.caller, 'https://models.example.com/v1', { uses: ['titles'] })
  for (const [fields, problem] of [
    [{ name: 'Taken' }, /^A model of this name exists already/],
    [{ model: 'two words' }, /^Id at the provider: must have no spaces/],
    [{ contextTokens: 'many' }, /^Context window: must be a whole number/],
    [{ contextTokens: '10' }, /^Context window: must be a whole number from/],
    [{ priceInput: '2,5', priceOutput: '1' }, /^Prices: /],
    [{ priceInput: '2' }, /^Prices: /],
    [{ 'use-chat': '' }, /^Say what the model is for/],
    [{ 'use-chat': '', 'use-titles': 'on', isDefault: 'on' }, /^Only a model for the chat/],
    [{ audience: '' }, /^For: choose who may use it/],
    [{ audience: 'all' }, /^For: choose who may use it/],
    [{ fallbackId: 'mdl_none' }, /^If it fails: choose a model that is for the chat/],
    [{ fallbackId: titles.id }, /^If it fails: choose a model that is for the chat/],
    [{ audience: 'chosen', audiencePeople: 'nobody@example.com' }, /no account has the address/],
    [{ provider: 'prv_none' }, /^The provider was not found/],
  ] as const)
    expect([fields, await outcome(saveModel(form({ ...MODEL, provider: providerId, ...fields })))]).toEqual([
      fields,
      expect.stringMatching(problem),
    ])
  expect((await listStoredModels()).models).toHaveLength(2)
})

test('a stored key is kept for its host alone, and is never sent to another one', async () => {
  await outcome(saveProvider(form(PROVIDER)))
  const id = (await listStoredModels()).providers[0]?.id ?? ''
  const change = (fields: Record<string, string>) =>
    outcome(saveProvider(form({ ...PROVIDER, key: '', headers: '', provider: id, ...fields })))
  const secrets = async () => (await listStoredModels()).providers[0]?.secrets
  expect(await change({ baseUrl: 'https://models.example.com/v2' })).toBe('/admin/models')
  expect(await secrets()).toEqual({ key: KEY, headers: { 'x-team': 'blue' } })
  for (const baseUrl of [
    'https://evil.example.com/v1',
    'http://models.example.com/v1',
    'https://models.example.com:8443/v1',
  ])
    expect([baseUrl, await change({ baseUrl })]).toEqual([
      baseUrl,
      expect.stringMatching(/^The address is that of another host/),
    ])
  expect(await change({ baseUrl: 'https://evil.example.com/v1', key: 'another-key' })).toMatch(/another host/)
  expect(await secrets()).toEqual({ key: KEY, headers: { 'x-team': 'blue' } })
  expect(await change({ baseUrl: 'https://other.example.com/v1', dropKey: 'on', key: 'another-key' })).toBe(
    '/admin/models',
  )
  expect(await secrets()).toEqual({ key: 'another-key', headers: {} })
})

test('a private address is refused unless the operator allows it', async () => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'off' })
  for (const baseUrl of [
    'http://127.0.0.1:11434/v1',
    'http://[::1]/v1',
    'http://169.254.169.254/latest',
    'http://10.0.0.1/v1',
  ])
    expect([baseUrl, await outcome(saveProvider(form({ ...PROVIDER, baseUrl })))]).toEqual([
      baseUrl,
      expect.stringMatching(/^Address: .* is not an address of the public internet.*MODEL_ALLOW_PRIVATE/),
    ])
  expect((await listStoredModels()).providers).toEqual([])
})

const ADD = (a: number, b: number) => ({ name: 'add', arguments: { a, b } })

test.each(['responses', 'chat_completions'] as const)('a test says what works, line by line: %s', async (api) => {
  await using server = await openAIServer(
    { text: ['one ', 'two ', 'three'] },
    { calls: [ADD(2, 3)] },
    { calls: [ADD(2, 3), ADD(4, 5)] },
    { text: 'Red.' },
    { text: 'ready' },
    { text: 'Harbour.' },
  )
  server.listed = ['other', 'a-model']
  const { id } = await offerModel(admin.caller, server.url, {
    name: 'Tested',
    capabilities: { tools: true, pictures: true, files: true, reasoningLevels: ['high'] },
    provider: { api, secrets: { key: KEY, headers: {} } },
  })
  const { steps, verdict } = (await testModel(id)) as Extract<Awaited<ReturnType<typeof testModel>>, { steps: unknown }>
  expect(steps.map(({ name, outcome, said }) => `${outcome} ${name}: ${said}`)).toEqual([
    'ok Models of the server: It has 2, a-model among them.',
    'ok Streaming: The answer came in 3 pieces.',
    'ok Tool call: It called add({"a":2,"b":3}).',
    'ok Several tool calls at once: It made 2 calls in one answer.',
    'ok Picture: It sees pictures.',
    'ok Thinking: high: It takes the level high.',
    expect.stringMatching(/^ok Long input: It read about 12,000 tokens/),
  ])
  expect(verdict).toBe('ok')
  expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true)
  // They cost money, so they count as the use of the admin who tested.
  const where = { ownerId: admin.person.id, purpose: 'test', outcome: 'done', model: 'a-model' } as const
  await expect.poll(() => withSystem('usage', (tx) => tx.modelRequest.count({ where }))).toBe(6)
})

test('a test says what fails in the provider’s own words, what to set, and never the key', async () => {
  const refuse = (status: number, message: string): Step => ({ fault: { kind: 'status', status, message }, text: '' })
  await using server = await openAIServer(
    { text: ['whole'] },
    refuse(400, 'tools are not supported by this model'),
    refuse(400, 'tools are not supported by this model'),
    refuse(400, 'image input is not supported'),
    refuse(400, 'Unsupported value: reasoning_effort'),
    refuse(400, `the prompt is too long for ${KEY}`),
  )
  const { id } = await offerModel(admin.caller, server.url, {
    provider: { secrets: { key: KEY, headers: {} } },
    capabilities: { tools: true, pictures: true, files: true, reasoningLevels: ['max'] },
  })
  const tested = (await testModel(id)) as Extract<Awaited<ReturnType<typeof testModel>>, { steps: unknown }>
  const lines = tested.steps.map(({ name, outcome, said, fix }) => [outcome, name, said, fix])
  expect(lines).toEqual([
    ['warning', 'Models of the server', expect.stringMatching(/does not list its models. 404/), undefined],
    ['warning', 'Streaming', 'The answer came in one piece.', expect.any(String)],
    [
      'failed',
      'Tool call',
      expect.stringContaining('tools are not supported'),
      expect.stringMatching(/^Switch Tools off/),
    ],
    ['failed', 'Several tool calls at once', expect.stringContaining('tools are not supported'), expect.any(String)],
    ['failed', 'Picture', expect.stringContaining('image input'), expect.stringMatching(/^Switch Pictures off/)],
    ['failed', 'Thinking: max', expect.stringContaining('Unsupported value'), 'Remove the level max.'],
    ['failed', 'Long input', expect.stringContaining('too long'), expect.stringMatching(/^Set a context window below/)],
  ])
  expect(tested.verdict).toBe('failed')
  expect(JSON.stringify(tested)).not.toContain(KEY)
  // A key that is refused ends the test: everything else would fail for the same reason.
  server.otherwise(() => refuse(401, `Incorrect API key provided: ${KEY}`))
  const again = (await testModel(id)) as typeof tested
  expect(again.steps.map(({ name, outcome }) => `${outcome} ${name}`)).toEqual([
    'warning Models of the server',
    'failed Streaming',
  ])
  expect(JSON.stringify(again)).toContain('Incorrect API key')
  expect(JSON.stringify(again)).not.toContain(KEY)
  expect(await testModel('mdl_none')).toEqual({ error: 'The model was not found.' })
})
