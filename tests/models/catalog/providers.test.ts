import { beforeEach, expect, test } from 'vitest'
import { addProvider, changeProvider, removeProvider } from '#lib/data/models/model-providers.ts'
import { forgetStoredModels, listStoredModels } from '#lib/data/models/stored-models.ts'
import { seal } from '#lib/platform/crypto/seal.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const KEY = 'a-key-that-nobody-may-read-4711'
let admin: Awaited<ReturnType<typeof signedIn>>

beforeEach(async () => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words' })
  admin = await signedIn({ role: 'admin' })
  const { providers } = await listStoredModels()
  for (const { id } of providers) await removeProvider(admin.caller, id)
})

test('a key is sealed in its row, and in no run, audit event or export', async () => {
  await using server = await openAIServer()
  // Servers repeat the key that they refuse.
  server.otherwise(() => ({
    fault: { kind: 'status', status: 401, message: `Incorrect API key provided: ${KEY}. Header x-team: blue-${KEY}` },
  }))
  const secrets = { key: KEY, headers: { 'x-team': `blue-${KEY}` } }
  const { providerId } = await offerModel(admin.caller, server.url, { provider: { name: 'P', secrets } })
  await changeProvider(admin.caller, providerId, { name: 'Q', baseUrl: server.url, api: 'responses', secrets })
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('hello')
  expect(server.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-team': `blue-${KEY}` })
  expect(JSON.stringify(events)).not.toContain(KEY)
  const run = await withCaller(ann.caller, (tx) => tx.run.findFirstOrThrow({ where: { ownerId: ann.person.id } }))
  expect(run).toMatchObject({ failureClass: 'model_unauthorised', provider: 'Q' })
  expect(JSON.stringify(run)).toContain('Incorrect API key')
  const rows = await withSystem('admin', async (tx) => [
    await tx.modelProvider.findMany(),
    await tx.auditEvent.findMany(),
    await tx.run.findMany(),
    await tx.runEvent.findMany(),
  ])
  expect(JSON.stringify(rows)).not.toContain(KEY)
})

test('an address that is not public gets no request, unless the operator allows it', async () => {
  await using server = await openAIServer({ text: 'hello' })
  await offerModel(admin.caller, server.url)
  withSettings({ MODEL_ALLOW_PRIVATE: 'off' })
  const ann = await signedIn()
  const { events } = await agentDoor(ann).begin('hello')
  expect(events.some(({ type }) => type === 'error')).toBe(true)
  const run = await withCaller(ann.caller, (tx) => tx.run.findFirstOrThrow({ where: { ownerId: ann.person.id } }))
  expect(run).toMatchObject({ failureClass: 'model_forbidden_address' })
  expect(server.requests).toEqual([])
})

test('a name is taken once, and a removed provider takes its models along', async () => {
  const wish = {
    name: 'P',
    baseUrl: 'https://models.example.com/v1',
    api: 'responses',
    secrets: { headers: {} },
  } as const
  const { providerId } = await offerModel(admin.caller, wish.baseUrl, { name: 'M', provider: wish })
  await expect(addProvider(admin.caller, wish)).rejects.toMatchObject({ code: 'conflict' })
  await expect(offerModel(admin.caller, wish.baseUrl, { name: 'M' })).rejects.toMatchObject({
    code: 'conflict',
    message: 'A model of this name exists already.',
  })
  await removeProvider(admin.caller, providerId)
  expect((await listStoredModels()).models).toEqual([])
  await expect(removeProvider(admin.caller, providerId)).rejects.toMatchObject({ code: 'not_found' })
})

test('one model is the default, whoever makes another one that', async () => {
  const one = await offerModel(admin.caller, 'https://one.example.com/v1', { isDefault: true })
  const others = await Promise.all(
    [1, 2, 3].map((number) => offerModel(admin.caller, `https://two.example.com/${number}`, { isDefault: true })),
  )
  const defaults = (await listStoredModels()).models.filter(({ isDefault }) => isDefault)
  expect(defaults).toHaveLength(1)
  expect(others.map(({ id }) => id)).toContain(defaults[0]?.id)
  expect(defaults[0]?.id).not.toBe(one.id)
})

test('secrets that a later version wrote count as unreadable, and end nothing else', async () => {
  const { providerId } = await offerModel(admin.caller, 'https://models.example.com/v1', {
    provider: { name: 'Later' },
  })
  await offerModel(admin.caller, 'https://models.example.com/v1', { provider: { name: 'Now' } })
  const sealedSecrets = await seal(JSON.stringify({ key: KEY, headers: {}, certificate: 'new' }), 'model secrets')
  await withSystem('models', (tx) => tx.modelProvider.update({ where: { id: providerId }, data: { sealedSecrets } }))
  forgetStoredModels()
  expect((await listStoredModels()).providers).toMatchObject([
    { name: 'Later', secrets: null },
    { name: 'Now', secrets: { headers: {} } },
  ])
})
