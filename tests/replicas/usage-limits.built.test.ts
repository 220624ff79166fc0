import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { saveLimit } from '#lib/data/usage/usage-limits.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// The last of a limit, asked for by many at once on two processes of the production build.

vi.setConfig({ testTimeout: 240_000 })

let apps: Replicas
let model: OpenAIServer

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise(() => ({ text: 'Hello.', usage: { input: 90, output: 10 } }))
  apps = await startReplicas({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_MODEL: 'scripted', THREAD_TITLES: 'first_words' },
    ...{ RUNS_AT_ONCE: '60', RUNS_PER_MINUTE: '200', STREAMS_AT_ONCE: '60', CHAT_REQUESTS_PER_MINUTE: '400' },
    LOG_LEVEL: 'error',
  })
}, 480_000)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

test.each(['each for themselves', 'all together'] as const)(
  'a limit for exactly 10 requests, and 50 runs at once on two replicas (%s): exactly 10 reach the model',
  async (whose) => {
    const isShared = whose === 'all together'
    const people = await Promise.all(Array.from({ length: isShared ? 50 : 1 }, () => signedIn()))
    const admin = await signedIn({ role: 'admin' })
    const audience = { kind: 'chosen' as const, roles: [], people: people.map(({ person }) => person.id) }
    await saveLimit(admin.caller, {
      audience,
      isShared,
      period: 'day',
      unit: 'tokens',
      amount: 1_000n,
      warnPercent: 100,
    })
    const before = model.requests.length
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const { url } = index % 2 === 0 ? apps.one : apps.two
        const person = people[index % people.length] as (typeof people)[0]
        return agentDoor(person, (request) => fetch(new Request(new URL('/api/chatkit', url), request))).begin(
          `hello ${index}`,
        )
      }),
    )
    expect(model.requests.length - before).toBe(10)
    expect(replies.filter(({ events }) => said(events) === 'Hello.').length).toBe(10)
    const refusals = replies.flatMap(({ events }) => events.flatMap((event) => (event.type === 'error' ? event : [])))
    expect(refusals.length).toBe(40)
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ allow_retry: false, message: expect.stringContaining('is used up') })
  },
)
