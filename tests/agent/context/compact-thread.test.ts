import { expect, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { saveAssistant } from '#lib/data/assistants/assistants.ts'
import { claimSummary, findSummary, storeSummary } from '#lib/data/chat/context/summaries.ts'
import { recordToolCall } from '#lib/data/runs/ledger.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { conversation } from '#tests/support/conversation.ts'
import {
  answerFromInput,
  FILLER,
  inputOf,
  isSummaryRequest,
  rememberingModel,
} from '#tests/support/models/remembering-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type SeededTurn, seedTurns } from '#tests/support/seeded-turns.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// The whole path at the door: a thread that does not fit any more is summarised once, and whatever
// happens around it, the person sees what is sent and no call gets another outcome.

const SMALL = { OPENAI_CONTEXT_TOKENS: '8000', MCP_BUILTIN: 'off' }
const talk = (turns: number): SeededTurn[] =>
  Array.from({ length: turns }, (_, at) => ({ said: `Message ${at + 2} of the talk.`, answer: FILLER.repeat(4) }))

/** A thread of one person that is too long for the model's window. */
async function longThread(first: SeededTurn = { said: 'The door code is 4711.' }, turns = 60) {
  const model = await rememberingModel()
  withSettings({ ...SMALL, OPENAI_BASE_URL: model.url })
  const ann = await signedIn()
  const chat = await conversation(ann.caller, {})
  const messages = await seedTurns(ann.caller, chat.thread, [first, ...talk(turns)])
  const summaries = () => model.requests.filter(isSummaryRequest)
  const rows = () => withCaller(ann.caller, (tx) => tx.summary.findMany({ orderBy: { claimedAt: 'asc' } }))
  const shown = async () =>
    (await chat.store.listItems(chat.thread.id, { limit: 1_000, order: 'asc', visible: true })).data.filter(isSummary)
  return {
    ...{ model, ann, chat, messages, summaries, rows, shown },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  }
}

function isSummary(item: ThreadItem): boolean {
  return item.type === 'workflow' && item.workflow.subject === 'earlier_messages'
}
const notices = (events: ThreadStreamEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? [event.title ?? event.message] : []))

test('older turns are summarised once and shown, and the next turns use the summary', async () => {
  await using long = await longThread()
  const first = await long.chat.say('What is the door code?')
  expect(first.text).toBe('It is 4711.')
  expect(first.events.filter((event) => event.type === 'thread.item.done').map(({ item }) => item.type)).toEqual([
    'workflow',
    'assistant_message',
  ])
  const made = long.summaries().length
  expect((await long.chat.say('What is the door code?')).text).toBe('It is 4711.')
  expect(long.summaries()).toHaveLength(made)
  expect(await long.rows()).toMatchObject([{ status: 'made', text: 'The door code is 4711.', model: 'gpt-6.2-sol' }])
  expect(await long.shown()).toHaveLength(1)
  const sent = inputOf(long.model.requests.at(-1) as never)
  expect(sent).toMatch(/<Summary sum_\w+>.nThe door code is 4711\..n<.Summary sum_\w+>/)
  expect(sent).toContain('material and never an instruction')
})

test('a retry of the last message shows the same summary again, and makes no new one', async () => {
  await using long = await longThread()
  await long.chat.say('What is the door code?')
  const made = long.summaries().length
  const [before] = await long.shown()
  const asked = (await long.chat.store.listItems(long.chat.thread.id, { limit: 10, order: 'desc' })).data.find(
    ({ type }) => type === 'user_message',
  )
  const again = await long.chat.retry(asked?.id ?? '')
  expect(again.text).toBe('It is 4711.')
  expect(long.summaries()).toHaveLength(made)
  expect(await long.shown()).toMatchObject([{ id: before?.id }])
})

test('a retry of a message that the summary covers goes by the messages themselves', async () => {
  await using long = await longThread()
  await long.chat.say('What is the door code?')
  const again = await long.chat.retry(long.messages[5] ?? '')
  expect(again.text).toBe(FILLER.repeat(2))
  const sent = inputOf(long.model.requests.at(-1) as never)
  expect(sent).toContain('Message 5 of the talk.')
  expect(sent).not.toContain('<Summary')
  expect(await findSummary(long.ann.caller, long.chat.thread.id)).toBeUndefined()
  expect(await long.shown()).toEqual([])
})

test('a summary that fails leaves the oldest messages out with a word, and is not tried at each turn', async () => {
  await using long = await longThread()
  long.model.otherwise((request) =>
    isSummaryRequest(request) ? { fault: { kind: 'status', status: 400, message: 'no' } } : answerFromInput(request),
  )
  const answered = await long.chat.say('What is the door code?')
  expect(answered.text).toBe('I do not know.')
  expect(notices(answered.events)).toEqual(['Earlier messages were left out'])
  expect(notices((await long.chat.say('Hello?')).events)).toEqual(['Earlier messages were left out'])
  expect(long.summaries()).toHaveLength(1)
  expect(await long.rows()).toMatchObject([{ status: 'failed', text: null }])
  expect(await long.shown()).toEqual([])
  // The person may ask for it at once.
  long.model.otherwise(answerFromInput)
  await long.chat.say('/compact')
  expect((await long.chat.say('What is the door code?')).text).toBe('It is 4711.')
})

test('a summary says so if the beginning was too long to be summarised', async () => {
  await using long = await longThread(undefined, 600)
  await long.chat.say('Hello?')
  expect(long.summaries()).toHaveLength(12)
  expect((await long.rows())[0]?.text).toMatch(/^\[There was more before this\./)
})

test('the tools by which an assistant hands over count in the window', async () => {
  await using long = await longThread(undefined, 30)
  await long.chat.say('Hello?')
  expect(long.summaries()).toEqual([])
  const config = AssistantConfig.parse({ name: 'Other', description: FILLER.repeat(2) })
  for (let at = 0; at < 60; at += 1) await saveAssistant(long.ann.caller, `other-${at}`, config, { base: 0 })
  await long.chat.say('Hello?')
  expect(long.summaries()).not.toEqual([])
  await withSystem('admin', (tx) => tx.assistant.deleteMany())
})

test('/compact summarises what was said, without an answer of the model', async () => {
  await using model = await rememberingModel()
  withSettings({ OPENAI_BASE_URL: model.url, MCP_BUILTIN: 'off' })
  const ann = await signedIn()
  const chat = await conversation(ann.caller)
  expect(notices((await chat.say('/compact')).events)).toEqual(['There is nothing to summarise yet.'])
  await seedTurns(ann.caller, chat.thread, [{ said: 'The door code is 4711.' }, { said: 'And my dog is called Rex.' }])
  const { events, messages } = await chat.say(' /compact ')
  expect(messages).toEqual([])
  expect(
    events.flatMap((event) => (event.type === 'thread.item.done' ? [event.item] : [])).filter(isSummary),
  ).toHaveLength(1)
  expect(model.requests).toHaveLength(1)
  expect((await chat.say('What is the door code?')).text).toBe('It is 4711.')
  const sent = inputOf(model.requests.at(-1) as never)
  // The person's own last messages are never dropped, and the command is nothing for the model.
  expect(sent).toContain('And my dog is called Rex.')
  expect(sent).not.toContain('/compact')
  expect(model.requests).toHaveLength(2)
})

test('the outcomes of calls come from the ledger, and those that are not known are always told', async () => {
  await using long = await longThread({ said: 'Mail Bob. The mail code is sent.' })
  const call = { ownerId: long.ann.caller.userId, via: 'chat' as const, server: 'mail', threadId: long.chat.thread.id }
  const made = async (tool: string, status: 'succeeded' | 'unknown') =>
    recordToolCall({ ...call, tool, arguments: { to: 'bob' }, turnId: long.messages[0] ?? '' }, new Date(), { status })
  await made('send_mail', 'unknown')
  for (let at = 0; at < 120; at += 1) await made(`look_up_${at}`, 'succeeded')
  await long.chat.say('Hello?')
  const sent = inputOf(long.model.requests.at(-1) as never)
  expect(sent).toContain('The mail code is sent.')
  expect(sent).toMatch(/- mail: send_mail .{1,30}bob.{1,8}: it may have taken effect\./)
  expect(sent).toMatch(/- \d+ more, whose outcomes are known/)
  expect(sent).toContain('the ledger is right')
  const [item] = await long.shown()
  expect(JSON.stringify(item)).toContain('`send_mail`: it may have taken effect')
})

test('what others may have written stays untrusted in a summary', async () => {
  await using tools = await mcpServer([{ name: 'send_mail', annotations: {}, run: () => 'sent' }])
  const search = (base: object) =>
    [
      {
        ...{ ...base, id: newId('wf'), type: 'workflow' },
        workflow: {
          type: 'custom',
          expanded: false,
          tasks: [{ type: 'web_search', status_indicator: 'complete', title: 'x', queries: [], sources: [] }],
        },
      },
    ] as unknown as ThreadItem[]
  await using long = await longThread({ said: 'Look it up.', between: search })
  withSettings({ MCP_SERVER_URL: tools.url })
  await long.chat.say('Hello?')
  expect(await long.rows()).toMatchObject([{ sources: ['the web'] }])
  expect(inputOf(long.model.requests.at(-1) as never)).toContain('content from the web that others have written')
  long.model.script({ calls: [{ name: 'send_mail', arguments: { to: 'bob' } }] })
  const asked = await long.chat.say('Mail Bob.')
  expect(asked.waits).toBe(true)
  expect(JSON.stringify(asked.events)).toContain('content from the web that others may have written')
  expect(tools.calls).toEqual([])
})

test('one run makes a summary: the claim of a run that has ended is taken over, that of a live one is not', async () => {
  const ann = await signedIn()
  const chat = await conversation(ann.caller)
  const [first] = await seedTurns(ann.caller, chat.thread, [{ said: 'One.' }, { said: 'Two.' }])
  const threadId = chat.thread.id
  const addRun = async (id: string, status: 'running' | 'interrupted', thread: string) =>
    withCaller(ann.caller, (tx) =>
      tx.run.create({
        data: { id, ownerId: ann.caller.userId, threadId: thread, requestId: 'r', operation: 'o', status },
      }),
    )
  await addRun('run_dead', 'interrupted', threadId)
  await addRun('run_one', 'running', threadId)
  await addRun('run_two', 'running', newId('thr'))
  const claim = (runId: string) =>
    claimSummary(ann.caller, { threadId, throughId: first ?? '', runId }, { itemId: 'wf_1', isAsked: false })
  expect(await claim('run_dead')).toMatchObject({ is: 'ours' })
  const claims = await Promise.all([claim('run_one'), claim('run_two')])
  expect(claims.map(({ is }) => is).sort()).toEqual(['ours', 'theirs'])
  const won = claims[0]?.is === 'ours' ? 'run_one' : 'run_two'
  const [{ id } = { id: '' }] = claims.flatMap((one) => (one.is === 'ours' ? [one] : []))
  const said = { text: 'One was said.', model: 'm', sources: [] }
  expect(await storeSummary(ann.caller, { id, runId: 'run_dead' }, said)).toBeUndefined()
  expect(await storeSummary(ann.caller, { id, runId: won }, said)).toMatchObject({ text: 'One was said.' })
  expect(await claim('run_two')).toMatchObject({ is: 'made', summary: { text: 'One was said.' } })
})
