import { expect, test } from 'vitest'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { FILLER, inputOf, isSummaryRequest, rememberingModel } from '#tests/support/models/remembering-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { startReplicas } from '#tests/support/processes/replicas.ts'
import { seedTurns } from '#tests/support/seeded-turns.ts'

test('two replicas that are asked at once summarise a thread once', { timeout: 240_000 }, async () => {
  await using model = await rememberingModel()
  const small = { OPENAI_CONTEXT_TOKENS: '8000', MCP_BUILTIN: 'off', THREAD_TITLES: 'first_words' }
  await using replicas = await startReplicas({ OPENAI_BASE_URL: model.url, WHILE_ANSWERING: 'wait', ...small })
  const ann = await signedIn()
  const store = createPrismaStore(ann.caller)
  const id = store.newThreadId()
  await store.saveThread({
    ...{ id, created_at: new Date().toISOString(), status: { type: 'active' }, metadata: {}, title: 'A test' },
  })
  const talk = Array.from({ length: 60 }, (_, at) => ({ said: `Message ${at + 2}.`, answer: FILLER.repeat(4) }))
  await seedTurns(ann.caller, { id }, [{ said: 'The door code is 4711.' }, ...talk])
  const ask = async (origin: string) => {
    const params = { thread_id: id, input: typed('What is the door code?') }
    const response = await fetch(`${origin}/api/chatkit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: replicas.proxy.url, ...ann.headers },
      body: JSON.stringify({ type: 'threads.add_user_message', params }),
    })
    return response.text()
  }
  const answers = await Promise.all([ask(replicas.one.url), ask(replicas.two.url)])
  for (const answer of answers) expect(answer).toContain('It is 4711.')
  // A summary of several pieces is several requests, but no piece is sent twice.
  const pieces = model.requests.filter(isSummaryRequest).map(inputOf)
  expect(pieces).not.toEqual([])
  expect(new Set(pieces).size).toBe(pieces.length)
  const rows = await withCaller(ann.caller, (tx) => tx.summary.findMany())
  expect(rows).toMatchObject([{ status: 'made' }])
})
