import { expect, test } from 'vitest'
import { EVERYBODY } from '#lib/data/audience.ts'
import { recordRequests, settleLostRequests } from '#lib/data/usage/model-requests.ts'
import { deleteOldRequests } from '#lib/data/usage/old-requests.ts'
import { deleteOldWarnings, renewReservation, reserveRequest } from '#lib/data/usage/reserve-request.ts'
import { deleteLimit, listLimits, listOwnLimits, saveLimit } from '#lib/data/usage/usage-limits.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Limits of use, through the chat's entrance. What reaches the scripted model is counted there.

function useModel(url: string, more: Record<string, string> = {}) {
  withSettings({
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: 'test-key',
    OPENAI_MODEL: 'scripted',
    OPENAI_API: 'responses',
    THREAD_TITLES: 'first_words',
    ...more,
  })
}

type Limit = Parameters<typeof saveLimit>[1]
const limit = (values: Partial<Limit>): Limit => ({
  audience: EVERYBODY,
  isShared: false,
  period: 'day',
  unit: 'tokens',
  amount: 1_000n,
  warnPercent: 80,
  ...values,
})
const forPerson = (id: string) => ({ kind: 'chosen' as const, roles: [], people: [id] })

/** Saves a limit that ends with the test. Returns its id. */
async function limited(values: Partial<Limit>): Promise<string> {
  const admin = await signedIn({ role: 'admin' })
  const before = new Set((await listLimits()).map(({ id }) => id))
  await saveLimit(admin.caller, limit(values))
  return (await listLimits()).find(({ id }) => !before.has(id))?.id ?? ''
}

async function withoutLimits() {
  await withSystem('usage', (tx) => tx.usageLimit.deleteMany())
}

const answersAll = (model: OpenAIServer, usage: { input: number; output: number }) =>
  model.otherwise(() => ({ text: 'Hello.', usage }))

const runOf = (ownerId: string) =>
  withSystem('usage', (tx) => tx.run.findFirstOrThrow({ where: { ownerId }, orderBy: { createdAt: 'desc' } }))

test('a limit counts inside a turn: its next request is refused, what was said is kept, the class is stored', async () => {
  await withoutLimits()
  await using model = await openAIServer(
    { text: 'Let me look.', calls: [{ name: 'list_tasks', arguments: {} }], usage: { input: 900, output: 100 } },
    { text: 'never' },
  )
  useModel(model.url)
  const ann = await signedIn()
  await limited({ audience: forPerson(ann.person.id) })
  const { events } = await agentDoor(ann).begin('list my tasks')
  expect(model.requests.length).toBe(1)
  expect(said(events)).toBe('Let me look.')
  expect(events.at(-1)).toMatchObject({
    type: 'error',
    allow_retry: false,
    message: expect.stringContaining('is used up'),
  })
  expect(await runOf(ann.person.id)).toMatchObject({ status: 'failed', failureClass: 'usage_limit' })
})

test('an answer that is much longer than expected ends when it passes a limit; its text is kept and counted', async () => {
  await withoutLimits()
  // 1,000 tokens a piece by their size. Nobody would stop it.
  const pieces = Array.from({ length: 100 }, (_, at) => `Piece ${at}. ${'x'.repeat(3_990)}`)
  await using model = await openAIServer({ text: pieces, pace: 10 }, { text: pieces.slice(0, 12), pace: 10 })
  useModel(model.url)
  const [ann, bob] = [await signedIn(), await signedIn()]
  await limited({ audience: forPerson(ann.person.id), amount: 20_000n })
  const { events } = await agentDoor(ann).begin('write for ever')
  expect(events.at(-1)).toMatchObject({ type: 'error', message: expect.stringContaining('is used up') })
  expect(said(events)).toContain('Piece 8.')
  expect(said(events)).not.toContain('Piece 60.')
  expect(await runOf(ann.person.id)).toMatchObject({ status: 'failed', failureClass: 'usage_limit' })
  const [request] = await withSystem('usage', (tx) => tx.modelRequest.findMany({ where: { ownerId: ann.person.id } }))
  expect(request).toMatchObject({ outcome: 'failed', isEstimated: true })
  expect(request?.outputTokens).toBeGreaterThan(8_000)
  // One that has room goes on to its end.
  await limited({ audience: forPerson(bob.person.id), amount: 100_000n })
  expect(said((await agentDoor(bob).begin('write a lot')).events)).toContain('Piece 11.')
})

test.each([
  ['responses', 'what is thought'],
  ['chat_completions', 'what is thought'],
  ['responses', 'a call'],
  ['chat_completions', 'a call'],
] as const)('%s: %s counts while it streams, and ends when it passes a limit', async (api, what) => {
  await withoutLimits()
  const pieces = Array.from({ length: 100 }, (_, at) => `Piece ${at}. ${'x'.repeat(3_990)}`)
  const note = { title: 'x', text: pieces.join('') }
  const step =
    what === 'a call'
      ? { calls: [{ name: 'create_note', arguments: note }], pace: 10, callPiece: 4_000 }
      : { reasoning: pieces, text: 'The end.', pace: 10 }
  await using model = await openAIServer(step, { text: 'never' })
  useModel(model.url, { OPENAI_API: api })
  const ann = await signedIn()
  await limited({ audience: forPerson(ann.person.id), amount: 20_000n })
  const { events } = await agentDoor(ann).begin('think for ever')
  const failure = events.find(({ type }) => type === 'error')
  expect(failure).toMatchObject({ message: expect.stringContaining('is used up') })
  expect(await runOf(ann.person.id)).toMatchObject({ status: 'failed', failureClass: 'usage_limit' })
  expect(said(events)).toBe('')
  const [request] = await withSystem('usage', (tx) => tx.modelRequest.findMany({ where: { ownerId: ann.person.id } }))
  expect(request).toMatchObject({ outcome: 'failed', isEstimated: true })
  expect(request?.outputTokens).toBeGreaterThan(8_000)
  expect(request?.outputTokens, 'of 100,000').toBeLessThan(60_000)
})

test('the tightest of several limits counts; one for others does not; a change acts at once', async () => {
  await withoutLimits()
  await using model = await openAIServer()
  answersAll(model, { input: 90, output: 10 })
  useModel(model.url)
  const [ann, bob, admin] = [await signedIn(), await signedIn(), await signedIn({ role: 'admin' })]
  await limited({ audience: EVERYBODY, period: 'month', amount: 100_000n })
  await limited({ audience: { kind: 'chosen', roles: ['admin'], people: [] }, amount: 0n })
  const own = await limited({ audience: forPerson(ann.person.id), amount: 100n })
  const ask = async (person: typeof ann) => said((await agentDoor(person).begin('hello')).events)
  expect([await ask(ann), await ask(ann), await ask(bob), await ask(bob), await ask(admin)]).toEqual([
    'Hello.',
    '',
    'Hello.',
    'Hello.',
    '',
  ])
  await saveLimit(admin.caller, limit({ audience: forPerson(ann.person.id), amount: 101n }), own)
  expect([await ask(ann), await ask(ann)]).toEqual(['Hello.', ''])
  await deleteLimit(admin.caller, own)
  expect(await ask(ann)).toBe('Hello.')
  expect(await runOf(admin.person.id)).toMatchObject({ failureClass: 'usage_limit' })
})

test('a person is warned once, in the chat, when most of a limit is used', async () => {
  await withoutLimits()
  await using model = await openAIServer()
  answersAll(model, { input: 90, output: 10 })
  useModel(model.url)
  const ann = await signedIn()
  await limited({ audience: forPerson(ann.person.id), amount: 350n, warnPercent: 50 })
  const door = agentDoor(ann)
  const first = await door.begin('hello')
  const notices = [first]
  for (let turn = 0; turn < 3; turn += 1) notices.push(await door.say(threadOf(first), 'hello again'))
  const shown = notices.map(({ events }) => events.flatMap((event) => (event.type === 'notice' ? event.message : [])))
  expect(shown).toEqual([
    [],
    [],
    [expect.stringMatching(/^57 % of your limit for today is used: 200 of 350 tokens\. It starts anew on /)],
    [],
  ])
  expect(await listOwnLimits(ann.caller)).toMatchObject([{ used: 400n, reserved: 0n, amount: 350n }])
})

test('a limit in money counts by the prices of the moment; a model without a price is not limited by it', async () => {
  await withoutLimits()
  const [ann, asked] = [await signedIn(), { provider: 'p', model: 'm' }]
  await limited({ audience: forPerson(ann.person.id), unit: 'cost', amount: 1_000n })
  const about = { ownerId: ann.person.id, purpose: 'answer' as const }
  const reserve = (costMicros: bigint | null, id = newId('req')) =>
    reserveRequest(id, about, asked, { input: 5, output: 5, inputCostMicros: costMicros, costMicros }, { warns: false })
  const id = newId('req')
  expect(await reserve(600n, id)).toMatchObject({ outcome: 'reserved' })
  expect(await reserve(600n)).toMatchObject({ outcome: 'busy' })
  expect(await reserve(null)).toMatchObject({ outcome: 'reserved' })
  const used = { input: 5, cached: 0, output: 5, reasoning: 0, isEstimated: false }
  await recordRequests([{ id, about, asked, used, costMicros: 1_000n, outcome: 'done', beganAt: Date.now() }])
  expect(await reserve(null)).toMatchObject({ outcome: 'used_up', limit: { used: 1_000n } })
})

test('a reservation of a process that died is free again when it expires, and counts its input', async () => {
  await withoutLimits()
  const ann = await signedIn()
  await limited({ audience: forPerson(ann.person.id), amount: 100n })
  const about = { ownerId: ann.person.id, purpose: 'answer' as const }
  const estimate = { input: 10, output: 80, inputCostMicros: 3n, costMicros: 20n }
  const reserve = (id: string) => reserveRequest(id, about, { provider: 'p', model: 'm' }, estimate, { warns: false })
  const [dead, alive] = [newId('req'), newId('req')]
  expect(await reserve(dead)).toMatchObject({ outcome: 'reserved' })
  expect(await reserve(dead)).toMatchObject({ outcome: 'reserved' })
  expect(await reserve(alive)).toMatchObject({ outcome: 'busy' })
  await withSystem(
    'usage',
    (tx) => tx.$executeRaw`UPDATE model_requests SET expires_at = now() - interval '1 second' WHERE id = ${dead}`,
  )
  expect(await reserve(alive)).toMatchObject({ outcome: 'reserved' })
  await renewReservation(alive)
  expect(await settleLostRequests()).toBe(1)
  expect(await settleLostRequests()).toBe(0)
  const row = await withSystem('usage', (tx) => tx.modelRequest.findUnique({ where: { id: dead } }))
  expect(row).toMatchObject({ outcome: 'lost', isEstimated: true, inputTokens: 10, outputTokens: 0, costMicros: 3n })
  expect(await listOwnLimits(ann.caller)).toMatchObject([{ used: 10n, reserved: 90n }])
})

test('a request that was begun before midnight (UTC) counts for that day', async () => {
  const ann = await signedIn()
  const midnight = new Date().setUTCHours(0, 0, 0, 0)
  const about = { ownerId: ann.person.id, purpose: 'answer' as const }
  const used = { input: 1, cached: 0, output: 0, reasoning: 0, isEstimated: false }
  const request = { about, asked: { provider: 'p', model: 'm' }, used, costMicros: null, outcome: 'done' as const }
  await recordRequests([
    { ...request, id: newId('req'), beganAt: midnight - 1_000 },
    { ...request, id: newId('req'), beganAt: midnight + 1, used: { ...used, input: 2 } },
  ])
  const days = await withSystem('usage', (tx) =>
    tx.usageSum.findMany({ where: { ownerId: ann.person.id, period: 'day' }, orderBy: { startsOn: 'asc' } }),
  )
  expect(days.map(({ startsOn, tokens }) => [startsOn.getTime(), tokens])).toEqual([
    [midnight - 86_400_000, 1n],
    [midnight, 2n],
  ])
})

test('a person who stops a request that waits for its turn: it is not sent, and reserves nothing', async () => {
  await withoutLimits()
  await using model = await openAIServer()
  answersAll(model, { input: 90, output: 10 })
  useModel(model.url)
  const ann = await signedIn()
  await limited({ audience: forPerson(ann.person.id), amount: 100n })
  const about = { ownerId: ann.person.id, purpose: 'answer' as const }
  const estimate = { input: 50, output: 50, inputCostMicros: null, costMicros: null }
  const held = newId('req')
  await reserveRequest(held, about, { provider: 'p', model: 'm' }, estimate, { warns: false })
  const door = agentDoor(ann)
  const answer = door.begin('hello')
  const runs = () =>
    withSystem('usage', (tx) => tx.run.findMany({ where: { ownerId: ann.person.id, status: 'running' } }))
  await expect.poll(async () => (await runs()).length).toBe(1)
  await door.ask({ type: 'threads.stop', params: { thread_id: (await runs())[0]?.threadId } })
  await answer
  expect(model.requests.length).toBe(0)
  expect(await listOwnLimits(ann.caller)).toMatchObject([{ used: 0n, reserved: 100n }])
  await withSystem('usage', (tx) => tx.modelRequest.delete({ where: { id: held } }))
  const { events } = await door.begin('hello')
  expect(said(events)).toBe('Hello.')
})

test('speech is refused with a sentence and the time when the limit ends', async () => {
  await withoutLimits()
  await using model = await openAIServer()
  useModel(model.url, { OPENAI_TRANSCRIPTION_MODEL: 'scripted-speech' })
  const ann = await signedIn()
  await limited({ audience: forPerson(ann.person.id), amount: 0n })
  const audio = Buffer.from('some speech').toString('base64')
  const reply = await agentDoor(ann).ask({
    type: 'input.transcribe',
    params: { audio_base64: audio, mime_type: 'audio/webm' },
  })
  expect(reply.status).toBe(429)
  expect(JSON.stringify(reply.data)).toContain('is used up')
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(model.requests.length).toBe(0)
})

test('a request that is sent again after a failure asks first whether the limit was reached meanwhile', async () => {
  await withoutLimits()
  await using model = await openAIServer()
  useModel(model.url)
  const [ann, admin] = [await signedIn(), await signedIn({ role: 'admin' })]
  const own = await limited({ audience: forPerson(ann.person.id), amount: 1_000n })
  let asked = 0
  model.otherwise(() => {
    asked += 1
    void saveLimit(admin.caller, limit({ audience: forPerson(ann.person.id), amount: 0n }), own)
    return { fault: { kind: 'status', status: 500, message: 'no' } }
  })
  const { events } = await agentDoor(ann).begin('hello')
  expect(asked).toBe(1)
  expect(events.find(({ type }) => type === 'error')).toMatchObject({
    type: 'error',
    message: expect.stringContaining('is used up'),
    allow_retry: false,
  })
  expect(await runOf(ann.person.id)).toMatchObject({ failureClass: 'usage_limit' })
})

test('which warnings were shown is forgotten after two months', async () => {
  const ann = await signedIn()
  const day = (ago: number) => new Date(new Date().setUTCHours(0, 0, 0, 0) - ago * 86_400_000)
  const limitId = await limited({ audience: forPerson(ann.person.id), amount: 100n })
  const warning = { limitId, ownerId: ann.person.id }
  const data = [0, 61, 64].map((ago) => ({ ...warning, startsOn: day(ago) }))
  await withSystem('usage', (tx) => tx.usageWarning.createMany({ data }))
  expect(await deleteOldWarnings()).toBeGreaterThan(0)
  const kept = await withSystem('usage', (tx) => tx.usageWarning.findMany({ where: warning }))
  expect(kept.map(({ startsOn }) => startsOn.getTime()).sort()).toEqual([day(61).getTime(), day(0).getTime()].sort())
})

test('what was used is forgotten after the days of the setting, and never what a limit counts', async () => {
  const ann = await signedIn()
  const about = { ownerId: ann.person.id, purpose: 'answer' as const }
  const used = { input: 5, cached: 0, output: 5, reasoning: 0, isEstimated: false }
  const ago = (days: number) => Date.now() - days * 86_400_000
  await recordRequests(
    [0, 99, 101].map((days) => ({
      ...{ id: newId('req'), about, used, costMicros: null, outcome: 'done' as const },
      ...{ asked: { provider: 'P', model: `${days} days` }, beganAt: ago(days) },
    })),
  )
  const kept = async () => {
    const where = { ownerId: ann.person.id }
    const rows = await withSystem('usage', (tx) => tx.modelRequest.findMany({ where, orderBy: { createdAt: 'asc' } }))
    const sums = await withSystem('usage', (tx) => tx.usageSum.findMany({ where: { ...where, period: 'day' } }))
    return [rows.map(({ model }) => model), sums.length]
  }
  withSettings({ USAGE_DAYS: '0' })
  expect(await deleteOldRequests()).toBe(0)
  expect(await kept()).toEqual([['101 days', '99 days', '0 days'], 3])
  withSettings({ USAGE_DAYS: '100' })
  expect(await deleteOldRequests()).toBe(1)
  expect(await kept()).toEqual([['99 days', '0 days'], 2])
})
