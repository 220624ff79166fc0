import { beforeEach, expect, test } from 'vitest'
import { modelsFor } from '#lib/agent/models/catalog/models-for.ts'
import { removeProvider } from '#lib/data/models/model-providers.ts'
import { changeModel, removeModel, requireStoredModel } from '#lib/data/models/offered-models.ts'
import { listStoredModels } from '#lib/data/models/stored-models.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
let admin: Person

// Two model servers of different kinds, each behind a socket of its own.
beforeEach(async () => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words' })
  admin = await signedIn({ role: 'admin' })
  const { providers } = await listStoredModels()
  for (const { id } of providers) await removeProvider(admin.caller, id)
})

function doorOf(person: Person) {
  const { ask, ...door } = agentDoor(person)
  const choosing = (model?: string) => (model === undefined ? {} : { inference_options: { model } })
  return {
    ...door,
    ask,
    begin: (text: string, model?: string) =>
      ask({ type: 'threads.create', params: { input: typed(text, choosing(model)) } }),
    say: (thread_id: string, text: string, model?: string) =>
      ask({ type: 'threads.add_user_message', params: { thread_id, input: typed(text, choosing(model)) } }),
  }
}

const runsOf = ({ caller }: Person) =>
  withCaller(caller, (tx) => tx.run.findMany({ where: { ownerId: caller.userId }, orderBy: { createdAt: 'asc' } }))

test('a person chooses a model, and their thread and their next thread remember it', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer()
  one.otherwise(() => ({ text: 'This is One.' }))
  other.otherwise(() => ({ text: 'This is Other.' }))
  const first = await offerModel(admin.caller, one.url, { name: 'One', isDefault: true })
  const second = await offerModel(admin.caller, other.url, {
    name: 'Other',
    model: 'other-8b',
    provider: {
      name: 'Other Ltd',
      api: 'chat_completions',
      secrets: { key: 'the-key-of-other', headers: { 'x-tenant': 'seven' } },
    },
  })
  const ann = await signedIn()
  const bob = await signedIn()
  const door = doorOf(ann)

  const begun = await door.begin('hello')
  expect(said(begun.events)).toBe('This is One.')
  const thread = threadOf(begun)
  expect(said((await door.say(thread, 'now you', second.id)).events)).toBe('This is Other.')
  expect(other.requests[0]).toMatchObject({
    path: '/v1/chat/completions',
    headers: { authorization: 'Bearer the-key-of-other', 'x-tenant': 'seven' },
    body: { model: 'other-8b' },
  })
  // The thread goes on with it, whatever the client says or does not say.
  expect(said((await door.say(thread, 'and again')).events)).toBe('This is Other.')
  // A new thread begins with the person's last choice, another person's does not.
  expect(said((await door.begin('a new one')).events)).toBe('This is Other.')
  expect(said((await doorOf(bob).begin('mine')).events)).toBe('This is One.')
  expect(said((await door.say(thread, 'back', first.id)).events)).toBe('This is One.')

  expect((await runsOf(ann)).map(({ model, provider, offeredModelId }) => [model, provider, offeredModelId])).toEqual([
    ['a-model', expect.any(String), first.id],
    ['other-8b', 'Other Ltd', second.id],
    ['other-8b', 'Other Ltd', second.id],
    ['other-8b', 'Other Ltd', second.id],
    ['a-model', expect.any(String), first.id],
  ])
})

test('a choice that is not offered to this person is refused, and nothing is stored', async () => {
  await using server = await openAIServer()
  server.otherwise(() => ({ text: 'hello' }))
  const ann = await signedIn()
  const bob = await signedIn()
  const all = await offerModel(admin.caller, server.url, { name: 'For all' })
  const forAdmins = await offerModel(admin.caller, server.url, {
    name: 'For admins',
    audience: { kind: 'chosen', roles: ['admin'], people: [] },
  })
  const forBob = await offerModel(admin.caller, server.url, {
    name: 'For Bob',
    audience: { kind: 'chosen', roles: [], people: [bob.person.id] },
  })
  const titles = await offerModel(admin.caller, server.url, { name: 'For titles', uses: ['titles'] })
  const off = await offerModel(admin.caller, server.url, { name: 'Off', enabled: false })
  const door = doorOf(ann)
  const missing = await door.begin('hello', 'mdl_00000000000000000000000000')
  expect(missing.status).toBe(404)
  for (const id of [
    forAdmins.id,
    forBob.id,
    titles.id,
    off.id,
    'demo',
    'settings',
    `${all.id}#high`,
    '\u0000',
    '#high',
  ]) {
    const refused = await door.begin('hello', id)
    expect([id, refused.status, refused.data]).toEqual([id, 404, { ...missing.data, request_id: expect.any(String) }])
  }
  expect(missing.data).toMatchObject({ message: 'This model is not offered. Choose another one.' })
  expect(await runsOf(ann)).toEqual([])
  expect(await withCaller(ann.caller, (tx) => tx.thread.count())).toBe(0)
  expect(server.requests).toEqual([])

  expect((await doorOf(bob).begin('hello', forBob.id)).status).toBe(200)
  expect((await doorOf(admin).begin('hello', forAdmins.id)).status).toBe(200)
  const listed = async ({ person }: Person) => (await modelsFor(person)).map(({ name }) => name)
  expect(await listed(ann)).toEqual(['For all'])
  expect(await listed(bob)).toEqual(['For all', 'For Bob'])
  // An admin who is demoted loses it with the next request.
  await withSystem('admin', (tx) => tx.user.update({ where: { id: admin.person.id }, data: { role: 'member' } }))
  expect((await doorOf(admin).begin('again', forAdmins.id)).status).toBe(404)
})

test('a model that is withdrawn is replaced by the default, and the thread says so once', async () => {
  await using server = await openAIServer()
  server.otherwise(({ body }) => ({ text: `I am ${body.model}.` }))
  await offerModel(admin.caller, server.url, { name: 'Kept', model: 'kept', isDefault: true })
  const gone = await offerModel(admin.caller, server.url, { name: 'Gone', model: 'gone' })
  const ann = await signedIn()
  const door = doorOf(ann)
  const begun = await door.begin('hello', gone.id)
  expect(said(begun.events)).toBe('I am gone.')
  await changeModel(admin.caller, gone.id, { ...(await requireStoredModel(gone.id)), enabled: false })

  expect((await door.say(threadOf(begun), 'still you?', gone.id)).status).toBe(404)
  const next = await door.say(threadOf(begun), 'who is it?')
  expect(said(next.events)).toBe('I am kept.')
  const notices = (events: typeof next.events) => events.filter(({ type }) => type === 'notice')
  expect(notices(next.events)).toMatchObject([
    { level: 'info', message: 'The model of this conversation is no longer offered. Kept answers.' },
  ])
  expect(notices((await door.say(threadOf(begun), 'and now?')).events)).toEqual([])
  // A new thread begins with the person's last choice, which is gone as well.
  const another = await door.begin('new')
  expect(said(another.events)).toBe('I am kept.')
  await removeModel(admin.caller, gone.id)
  expect(said((await door.say(threadOf(another), 'more')).events)).toBe('I am kept.')
})

test.each([
  ['responses', (body: Record<string, unknown>) => (body.reasoning as { effort?: string } | undefined)?.effort],
  ['chat_completions', (body: Record<string, unknown>) => body.reasoning_effort],
] as const)('a level of reasoning is chosen with the model: %s', async (api, effortOf) => {
  await using server = await openAIServer()
  server.otherwise(() => ({ text: 'hello' }))
  const { id } = await offerModel(admin.caller, server.url, {
    name: `Thinker ${api}`,
    capabilities: { tools: true, pictures: true, files: true, reasoningLevels: ['low', 'high'] },
    provider: { api },
  })
  const door = doorOf(await signedIn())
  const begun = await door.begin('hello', `${id}#high`)
  await door.say(threadOf(begun), 'again')
  await door.say(threadOf(begun), 'as you like', id)
  expect(server.requests.map(({ body }) => effortOf(body))).toEqual(['high', 'high', undefined])
  for (const level of ['medium', 'max', '', 'high#high']) {
    const { status } = await door.say(threadOf(begun), 'hello', `${id}#${level}`)
    expect([level, status]).toEqual([level, 404])
  }
})

test('a model of another provider gets neither thoughts nor ids of the first', async () => {
  await using one = await openAIServer({
    reasoning: 'The secret thought.',
    calls: [{ name: 'list_tasks', arguments: {} }],
  })
  await using other = await openAIServer({ text: 'done' })
  one.otherwise(() => ({ fault: { kind: 'status', status: 401, message: 'no' } }))
  const fallback = await offerModel(admin.caller, other.url, { name: 'Second' })
  await offerModel(admin.caller, one.url, { name: 'First', isDefault: true, fallbackId: fallback.id })
  const { events } = await doorOf(await signedIn()).begin('what is open?')
  expect(said(events)).toBe('done')
  const sent = JSON.stringify(other.requests[0]?.body)
  expect(sent).toContain('function_call_output')
  expect(sent).not.toContain('secret thought')
  expect(sent).not.toContain('switchboard_')
  expect(sent).not.toMatch(/"(fc|rs)_/)
})
