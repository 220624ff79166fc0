import { expect, test } from 'vitest'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { door, typed } from '#tests/support/chatkit/chatkit.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { FILLER, inputOf, rememberingModel } from '#tests/support/models/remembering-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { seedTurns } from '#tests/support/seeded-turns.ts'
import { withSettings } from '#tests/support/settings.ts'

// What the person pins stays in the model's input as it was said, whatever is summarised or left out.

const SMALL = { OPENAI_CONTEXT_TOKENS: '8000', MCP_BUILTIN: 'off' }
const PINNED = 'The wifi password is "blue-heron-7", with hyphens.'
const talk = Array.from({ length: 60 }, (_, at) => ({ said: `Message ${at} of the talk.`, answer: FILLER.repeat(4) }))

/** A thread of one person whose first messages are said long before the window's end. */
async function longThread(model: Awaited<ReturnType<typeof openAIServer>>, first = PINNED) {
  withSettings({ ...SMALL, OPENAI_BASE_URL: model.url })
  const ann = await signedIn()
  const ask = door(ann, runTurn)
  const chat = await conversation(ann.caller)
  await seedTurns(ann.caller, chat.thread, [{ said: first, answer: 'The answer to keep: 42 apples.' }, ...talk])
  const thread_id = chat.thread.id
  const items = async () => (await chat.store.listItems(thread_id, { limit: 200, order: 'asc' })).data
  const ids = (await items()).map(({ id }) => id)
  const pin = (item_ids: string[], pinned = true) => ask({ type: 'items.pin', params: { thread_id, item_ids, pinned } })
  return { ann, ask, chat, thread_id, ids, items, pin }
}

const sentIn = (model: Awaited<ReturnType<typeof openAIServer>>) => inputOf(model.requests.at(-1) as never)
const isPinned = (item: ThreadItem | undefined) => item !== undefined && 'pinned' in item

test('a pinned message and answer are sent whole after a summary, until they are let go', async () => {
  await using model = await rememberingModel()
  const { chat, ids, pin, items } = await longThread(model)
  const [message = '', answer = ''] = ids
  expect(await pin([message, answer])).toMatchObject({ status: 200, data: {} })
  expect((await items()).slice(0, 3).map(isPinned)).toEqual([true, true, false])
  await chat.say('Go on.')
  await chat.say('And on.')
  expect(sentIn(model)).toContain('<Summary sum_')
  expect(sentIn(model)).toContain('blue-heron-7')
  expect(sentIn(model)).toContain('Assistant: The answer to keep: 42 apples.')
  expect((await pin([message], false)).status).toBe(200)
  await chat.say('And on.')
  expect(sentIn(model)).not.toContain('blue-heron-7')
  expect(sentIn(model)).toContain('42 apples')
})

test('what is pinned is also sent if the older messages could not be summarised', async () => {
  await using model = await openAIServer()
  model.otherwise((request) =>
    JSON.stringify(request.body).includes('Summarise the earlier part')
      ? { fault: { kind: 'status', status: 400 } }
      : { text: 'Yes.' },
  )
  const { chat, ids, pin } = await longThread(model)
  await pin([ids[0] ?? ''])
  const { events } = await chat.say('Go on.')
  expect(events.filter(({ type }) => type === 'notice')).toMatchObject([{ title: 'Earlier messages were left out' }])
  expect(sentIn(model)).toContain('blue-heron-7')
  expect(sentIn(model)).not.toContain('42 apples')
  expect(sentIn(model)).toContain('Go on.')
})

test('at most ten messages with 8,000 bytes are pinned, also if two requests come at once', async () => {
  await using model = await rememberingModel()
  const { ids, pin, items } = await longThread(model, 'x'.repeat(7_900))
  const messages = ids.filter((_, at) => at > 0 && at % 2 === 0)
  const tooMany = await Promise.all([pin(messages.slice(0, 6)), pin(messages.slice(6, 12))])
  expect(tooMany.map(({ status }) => status).sort()).toEqual([200, 409])
  expect(tooMany.find(({ status }) => status === 409)?.data).toMatchObject({
    message: 'At most 10 messages of a conversation can be kept in its context. Let go of another one first.',
  })
  expect((await items()).filter(isPinned)).toHaveLength(6)
  await pin(messages.slice(0, 12), false)
  expect((await pin([ids[0] ?? ''])).status).toBe(200)
  const tooLong = await pin([ids[3] ?? ''])
  expect(tooLong).toMatchObject({ status: 409, data: { message: /about 2,000 tokens are allowed/ } })
  // Only messages are pinned, and all of a request or none.
  expect((await pin([ids[2] ?? '', 'msg_x\0'])).status).toBe(404)
  expect((await items()).filter(isPinned).map(({ id }) => id)).toEqual([ids[0]])
})

test('a pin follows its message into another version of the conversation, and back', async () => {
  await using model = await rememberingModel()
  withSettings({ ...SMALL, OPENAI_BASE_URL: model.url })
  const ann = await signedIn()
  const ask = door(ann, runTurn)
  const chat = await conversation(ann.caller)
  const thread_id = chat.thread.id
  await chat.say('one')
  const [, answer] = await chat.items()
  await ask({ type: 'items.pin', params: { thread_id, item_ids: [answer?.id ?? ''], pinned: true } })
  await chat.retry((await chat.items())[0]?.id ?? '')
  expect((await chat.items()).some(isPinned)).toBe(false)
  const read = await ask({ type: 'threads.get_by_id', params: { thread_id } })
  const { forks } = read.data as unknown as { forks: { branches: (string | null)[] }[] }
  const branch_id = forks[0]?.branches.find((id) => id !== null)
  await ask({ type: 'threads.choose_branch', params: { thread_id, branch_id } })
  expect((await chat.items()).filter(isPinned).map(({ id }) => id)).toEqual([answer?.id])
  expect((await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('two') } })).status).toBe(200)
})
