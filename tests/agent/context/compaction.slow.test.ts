import { expect, test } from 'vitest'
import type { WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { conversation } from '#tests/support/conversation.ts'
import { FILLER, inputOf, isSummaryRequest, rememberingModel } from '#tests/support/models/remembering-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { seedTurns } from '#tests/support/seeded-turns.ts'
import { withSettings } from '#tests/support/settings.ts'

const WINDOW = { OPENAI_CONTEXT_TOKENS: '8000', RUNS_PER_MINUTE: '10000', CHAT_REQUESTS_PER_MINUTE: '100000' }

test('a fact of the first message is known after 200 turns on a window of 8,000 tokens', async () => {
  await using model = await rememberingModel()
  withSettings({ ...WINDOW, OPENAI_BASE_URL: model.url })
  const ann = await signedIn()
  const chat = await conversation(ann.caller)
  await chat.say('The door code is 4711. Please remember it.')
  const talk = (turn: number) => `This is message ${turn} of our long talk about nothing in particular, which goes on.`
  const seeded = Array.from({ length: 169 }, (_, at) => ({ said: talk(at + 2), answer: FILLER.repeat(2) }))
  await seedTurns(ann.caller, chat.thread, seeded)
  for (let turn = 171; turn <= 200; turn += 1) await chat.say(talk(turn))
  expect((await chat.say('What is the door code?')).text).toBe('It is 4711.')
  const summaries = model.requests.filter(isSummaryRequest)
  expect(summaries.length).toBeGreaterThan(2)
  expect(summaries.length).toBeLessThan(40)
  // The first message itself is gone from what is sent.
  expect(inputOf(model.requests.at(-1) as never)).not.toContain('Please remember it')
  const rows = await withCaller(ann.caller, (tx) => tx.summary.findMany())
  expect(rows.every(({ status }) => status === 'made')).toBe(true)
  const items = (await chat.store.listItems(chat.thread.id, { limit: 1_000, order: 'asc', visible: true })).data
  const shown = items.filter((item): item is WorkflowItem => item.type === 'workflow')
  expect(shown.map(({ id }) => id).sort()).toEqual(rows.map(({ itemId }) => itemId).sort())
  expect(shown.at(-1)?.workflow).toMatchObject({
    subject: 'earlier_messages',
    summary: { title: 'Earlier messages, summarised' },
    tasks: [{ type: 'thought', content: 'The door code is 4711.' }],
  })
})
