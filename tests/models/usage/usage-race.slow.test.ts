import { expect, test } from 'vitest'
import { saveLimit } from '#lib/data/usage/usage-limits.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Many requests at once for the last of a limit. Two processes: tests/replicas/usage-limits.built.test.ts.

test.each(['each for themselves', 'all together'] as const)(
  'a limit for exactly 10 requests and 50 runs at once (%s): exactly 10 reach the model',
  async (whose) => {
    await using model = await openAIServer()
    model.otherwise(() => ({ text: 'Hello.', usage: { input: 90, output: 10 } }))
    withSettings({
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'test-key',
      OPENAI_MODEL: 'scripted',
      OPENAI_API: 'responses',
      THREAD_TITLES: 'first_words',
      RUNS_AT_ONCE: '60',
      RUNS_PER_MINUTE: '100',
      STREAMS_AT_ONCE: '60',
      CHAT_REQUESTS_PER_MINUTE: '200',
    })
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
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        agentDoor(people[index % people.length] as (typeof people)[0]).begin(`hello ${index}`),
      ),
    )
    expect(model.requests.length).toBe(10)
    const answered = replies.filter(({ events }) => said(events) === 'Hello.')
    expect(answered.length).toBe(10)
    const refused = replies
      .filter((reply) => !answered.includes(reply))
      .map(({ events }) => events.find(({ type }) => type === 'error'))
    const which = isShared ? 'The limit for today that you share with others' : 'Your limit for today'
    for (const event of refused)
      expect(event).toEqual({
        type: 'error',
        code: 'custom',
        message: expect.stringMatching(
          new RegExp(`^${which} \\(1,000 tokens\\) is used up\\. It starts anew on .* 00:00 UTC\\.$`),
        ),
        allow_retry: false,
      })
  },
)
