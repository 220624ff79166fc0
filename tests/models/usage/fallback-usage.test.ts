import { beforeEach, expect, test } from 'vitest'
import { saveLimit } from '#lib/data/usage/usage-limits.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// A fallback is a request of its own, at another provider and another price.

beforeEach(() => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words' })
})

/** First, whose answer is empty, with Second as its fallback. */
async function offerPair(one: OpenAIServer, other: OpenAIServer) {
  const admin = await signedIn({ role: 'admin' })
  one.otherwise(() => ({ text: ' ', usage: { input: 100, output: 10 } }))
  other.otherwise(() => ({ text: 'Second here.', usage: { input: 200, output: 20 } }))
  const dollars = 1_000_000
  const { id: fallbackId } = await offerModel(admin.caller, other.url, {
    ...{ name: `Second ${other.url}`, model: 'second', provider: { name: `Second ${other.url}` } },
    prices: { input: 10 * dollars, cachedInput: dollars, output: 100 * dollars },
  })
  await offerModel(admin.caller, one.url, {
    ...{
      name: `First ${one.url}`,
      model: 'first',
      isDefault: true,
      fallbackId,
      provider: { name: `First ${one.url}` },
    },
    prices: { input: 2 * dollars, cachedInput: dollars, output: 8 * dollars },
  })
  const ann = await signedIn()
  const rows = () =>
    withSystem('usage', (tx) =>
      tx.modelRequest.findMany({ where: { ownerId: ann.person.id }, orderBy: { createdAt: 'asc' } }),
    )
  return { admin, ann, rows }
}

test('a model that fails and its fallback are two requests, each at its own price', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer()
  const { ann, rows } = await offerPair(one, other)
  expect(said((await agentDoor(ann).begin('hello')).events)).toBe('Second here.')
  await expect.poll(async () => (await rows()).length).toBe(2)
  expect(await rows()).toMatchObject([
    { model: 'first', provider: `First ${one.url}`, inputTokens: 100, outputTokens: 10, costMicros: 280n },
    { model: 'second', provider: `Second ${other.url}`, inputTokens: 200, outputTokens: 20, costMicros: 4_000n },
  ])
})

test('a limit that the first model used up keeps its fallback from being asked', async () => {
  await using one = await openAIServer()
  await using other = await openAIServer()
  const { admin, ann } = await offerPair(one, other)
  const audience = { kind: 'chosen' as const, roles: [], people: [ann.person.id] }
  await saveLimit(admin.caller, {
    audience,
    isShared: false,
    period: 'day',
    unit: 'cost',
    amount: 280n,
    warnPercent: 80,
  })
  const { events } = await agentDoor(ann).begin('hello')
  expect([one.requests.length, other.requests.length]).toEqual([1, 0])
  expect(events.find(({ type }) => type === 'error')).toMatchObject({
    message: expect.stringMatching(/^Your limit for today \(\$0\.0003\) is used up/),
    allow_retry: false,
  })
})
