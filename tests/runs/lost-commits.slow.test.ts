import { expect, onTestFinished, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { listActiveRuns } from '#lib/runs/registry.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { cuttingProxy } from '#tests/support/processes/cutting-proxy.ts'
import { withSettings } from '#tests/support/settings.ts'

// A run has transactions for what it reads, its events and items, the ledger and its tool. In each
// of them the connection breaks once, at the commit.
test.each(['before its commit', 'after its commit'] as const)(
  'a run reaches its answer if any one of its connections breaks %s',
  {
    timeout: 120_000,
  },
  async (moment) => {
    await using model = await openAIServer()
    const calls = [{ name: 'list_tasks', arguments: {} }]
    model.otherwise(({ body }) =>
      JSON.stringify(body).includes('function_call_output') ? { text: 'Nothing is open.' } : { calls },
    )
    const { caller, headers } = await signedIn()
    const proxy = await cuttingProxy(env().DATABASE_URL)
    withSettings({
      DATABASE_URL: proxy.url,
      ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', THREAD_TITLES: 'first_words', RUNS_PER_MINUTE: '1000' },
    })
    await closeDb()
    onTestFinished(async () => {
      await closeDb()
      proxy.close()
    })
    const door = agentDoor({ headers })
    let answers = 0
    for (let nth = 0; nth < 100; nth += 1) {
      proxy.cut(moment, 'set_config', nth)
      const { status, events } = await door.begin('what is open?')
      await Promise.all(listActiveRuns().map(({ ended }) => ended))
      // A request may be refused, but an accepted request ends with its answer.
      if (status === 503) continue
      const said = events.flatMap((event) => (event.type === 'error' ? event : 'item' in event ? event.item : []))
      expect(said.at(-1), `transaction ${nth}`).toMatchObject({
        type: 'assistant_message',
        content: [{ text: 'Nothing is open.' }],
      })
      answers += 1
      if (proxy.armed()) break
    }
    expect(proxy.armed()).toBe(true)
    expect(answers).toBeGreaterThan(15)
    expect(model.requests).toHaveLength(2 * answers)
    const { data: ledger } = await listToolCalls({ caller }, { limit: 200 })
    expect(ledger.map(({ status }) => status)).toEqual(Array(answers).fill('succeeded'))
  },
)
