import { beforeEach, expect, test } from 'vitest'
import { modelsFor } from '#lib/agent/models/catalog/models-for.ts'
import { removeProvider } from '#lib/data/models/model-providers.ts'
import { changeModel, removeModel, requireStoredModel } from '#lib/data/models/offered-models.ts'
import { listStoredModels } from '#lib/data/models/stored-models.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { type OpenAIServer, openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
let admin: Person

beforeEach(async () => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words', MODEL_IDLE_TIMEOUT: '1' })
  admin = await signedIn({ role: 'admin' })
  const { providers } = await listStoredModels()
  for (const { id } of providers) await removeProvider(admin.caller, id)
})

const status = (code: number, message = 'scripted'): Step => ({
  fault: { kind: 'status', status: code, message },
  text: '',
})

/** First at the Responses API, with Second at Chat Completions as its fallback. */
async function offerPair(one: OpenAIServer, other: OpenAIServer, second: Parameters<typeof offerModel>[2] = {}) {
  const fallback = await offerModel(admin.caller, other.url, {
    ...{ name: 'Second', model: 'second', provider: { name: 'Second Ltd', api: 'chat_completions' }, ...second },
  })
  const chosen = await offerModel(admin.caller, one.url, {
    ...{ name: 'First', model: 'first', isDefault: true, fallbackId: fallback.id, provider: { name: 'First Inc' } },
  })
  return { chosen, fallback }
}

const runOf = ({ caller }: Person) =>
  withCaller(caller, (tx) => tx.run.findFirstOrThrow({ where: { ownerId: caller.userId } }))

const FAILURES: [string, Step, string][] = [
  ['it cannot be understood', { frames: [{ type: 'oh no' }] }, 'model_cut'],
  ['it refuses the key', status(401), 'model_unauthorised'],
  ['its account has no credit', status(402), 'model_payment'],
  ['it does not know the model', status(404), 'model_not_found'],
  [
    'it has too many requests',
    { fault: { kind: 'status', status: 429, headers: { 'retry-after': '30' } } },
    'model_limited',
  ],
  ['it is broken', status(500), 'model_error'],
  ['it says nothing', { fault: { kind: 'silence', after: 0 } }, 'model_silent'],
  ['it falls silent after the start', { text: 'x', fault: { kind: 'silence', after: 1 } }, 'model_silent'],
  ['it says nothing in its answer', { text: ' ' }, 'model_empty'],
]

test.each(FAILURES)(
  'another model answers if the first fails before its first word: %s',
  async (_, step, failureClass) => {
    await using one = await openAIServer()
    await using other = await openAIServer({ text: 'Second here.' })
    one.otherwise(() => step)
    const { chosen, fallback } = await offerPair(one, other)
    const ann = await signedIn()
    const { events } = await agentDoor(ann).begin('hello')
    expect(said(events)).toBe('Second here.')
    expect(events.filter(({ type }) => type === 'error')).toEqual([])
    expect(events.filter(({ type }) => type === 'notice')).toMatchObject([
      { level: 'info', message: 'First cannot answer just now, so Second does.' },
    ])
    expect(await runOf(ann)).toMatchObject({
      status: 'done',
      model: 'second',
      provider: 'Second Ltd',
      offeredModelId: fallback.id,
      fallbacks: [{ offeredModelId: chosen.id, model: 'first', provider: 'First Inc', failureClass }],
    })
  },
)

test('only the request is repeated, never the turn: a tool is called once', async () => {
  await using one = await openAIServer({ calls: [{ name: 'add_task', arguments: { title: 'buy milk' } }] })
  await using other = await openAIServer(
    { calls: [{ name: 'list_tasks', arguments: {} }] },
    { text: 'Added and listed.' },
  )
  one.otherwise(() => status(500))
  await offerPair(one, other)
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('add: buy milk')
  expect(said(events)).toBe('Added and listed.')
  expect(await withCaller(ann.caller, (tx) => tx.task.count())).toBe(1)
  const calls = (await listToolCalls({ caller: ann.caller }, {})).data.map(({ id }) => id)
  const rows = await withCaller(ann.caller, (tx) =>
    tx.toolCall.findMany({ where: { id: { in: calls } }, orderBy: { startedAt: 'asc' } }),
  )
  expect(rows.map(({ tool, model, provider }) => [tool, model, provider])).toEqual([
    ['add_task', 'first', 'First Inc'],
    ['list_tasks', 'second', 'Second Ltd'],
  ])
  // The turn stays with the model that answers.
  expect(other.requests).toHaveLength(2)
})

test('an answer that has begun is not begun again', async () => {
  await using one = await openAIServer({ text: ['Half an', ' answer'], fault: { kind: 'cut', after: 5 } })
  await using other = await openAIServer({ text: 'never' })
  await offerPair(one, other)
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('hello')
  expect(events.some(({ type }) => type === 'error')).toBe(true)
  expect(other.requests).toEqual([])
  expect(await runOf(ann)).toMatchObject({ status: 'failed', model: 'first', fallbacks: null })
})

test('a filter’s refusal is final: no other model is asked to answer it', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer({ text: 'never' })
  one.otherwise(() => ({
    fault: { kind: 'status', status: 400, message: 'flagged by our content filter', code: 'content_filter' },
  }))
  await offerPair(one, other)
  await agentDoor(await signedIn()).begin('hello')
  expect(other.requests).toEqual([])
})

test('a fallback gets nothing of a person whom it is not offered to, even if their role changed in between', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer({ text: 'never' })
  const audience = { kind: 'chosen', roles: ['admin'], people: [] } as const
  await offerPair(one, other, { audience: { ...audience, roles: ['admin'], people: [] } })
  one.otherwise(() => status(500))
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('hello')
  expect(events.some(({ type }) => type === 'error')).toBe(true)
  expect(other.requests).toEqual([])
  expect(await runOf(ann)).toMatchObject({ failureClass: 'model_error', fallbacks: null })

  const demoted = await signedIn({ role: 'admin' })
  one.otherwise(() => ({
    pause: {
      after: 0,
      until: withSystem('admin', (tx) =>
        tx.user.update({ where: { id: demoted.person.id }, data: { role: 'member' } }),
      ),
    },
    text: ' ',
  }))
  await agentDoor(demoted).begin('hello')
  expect(other.requests).toEqual([])
})

test('models that name each other end after each was asked once', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer()
  const { chosen, fallback } = await offerPair(one, other)
  await changeModel(admin.caller, fallback.id, { ...(await requireStoredModel(fallback.id)), fallbackId: chosen.id })
  one.otherwise(() => status(401))
  other.otherwise(() => status(401))
  const { events } = await agentDoor(await signedIn()).begin('hello')
  expect(events.some(({ type }) => type === 'error')).toBe(true)
  expect([one.requests.length, other.requests.length]).toEqual([1, 1])
})

test('a provider whose key can no longer be read counts as failed', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer({ text: 'Second here.' })
  const { chosen } = await offerPair(one, other)
  await withSystem('models', (tx) =>
    tx.modelProvider.update({ where: { id: chosen.providerId }, data: { sealedSecrets: 'sealed otherwise' } }),
  )
  await expect
    .poll(async () => (await listStoredModels()).providers.find(({ id }) => id === chosen.providerId)?.secrets)
    .toBeNull()
  const ann = await signedIn()
  expect(said((await agentDoor(ann).begin('hello')).events)).toBe('Second here.')
  expect(one.requests).toEqual([])
  expect(await runOf(ann)).toMatchObject({ fallbacks: [{ failureClass: 'model_unauthorised' }] })
})

test('what another replica changed is known here within two seconds', async () => {
  const { id } = await offerModel(admin.caller, 'http://127.0.0.1:9/v1', { name: 'Before' })
  expect(await modelsFor(admin.person)).toMatchObject([{ name: 'Before' }])
  await withSystem('models', (tx) => tx.offeredModel.update({ where: { id }, data: { name: 'After' } }))
  await expect.poll(async () => (await modelsFor(admin.person)).map(({ name }) => name)).toEqual(['After'])
})

test.each(['is not for the person', 'is gone', 'is not for the chat'] as const)(
  'a model whose fallback %s is waited for, as one without a fallback',
  async (why) => {
    await using one = await openAIServer(
      { fault: { kind: 'status', status: 429, headers: { 'retry-after': '4' } } },
      { text: 'First after all.' },
    )
    await using other = await openAIServer()
    const audience = { kind: 'chosen' as const, roles: ['admin' as const], people: [] }
    const kept = { 'is gone': {}, 'is not for the person': { audience }, 'is not for the chat': { uses: ['titles'] } }
    const { fallback } = await offerPair(one, other, kept[why] as object)
    if (why === 'is gone') await removeModel(admin.caller, fallback.id)
    const { events } = await agentDoor(await signedIn()).begin('hello')
    expect(said(events)).toBe('First after all.')
    expect(other.requests).toEqual([])
  },
)
