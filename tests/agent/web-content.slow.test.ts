import { beforeEach, expect, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { agentDoor, button, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { HARMLESS, mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// What the model's own provider brought from the web counts as long as the conversation lasts, and
// from the moment when it came.

let ann: Awaited<ReturnType<typeof signedIn>>
let sent: unknown[]
beforeEach(async () => {
  ann = await signedIn()
  sent = []
})

async function ready(...steps: Step[]) {
  const model = await openAIServer(...steps)
  const server = await mcpServer([
    { name: 'send_mail', annotations: HARMLESS, run: (args) => sent.push(args) && 'sent' },
  ])
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url },
  })
  return {
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const mail = (n: number) => ({
  type: 'function_call',
  id: `fc_${n}`,
  call_id: `c${n}`,
  name: 'send_mail',
  arguments: `{"n":${n}}`,
})
const search = (n: number) => ({ type: 'web_search_call', id: `ws_${n}`, action: { type: 'search', query: 'x' } })
const WELL = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'Well.', annotations: [] }],
}

/** An answer of the model with these parts. */
function answers(...parts: object[]): Step {
  const output = parts.map((part) => ({ ...part, status: 'completed' }))
  const response = { id: 'resp_1', object: 'response', status: 'completed', output }
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
  return {
    frames: [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      ...output.flatMap((item, index) => [
        { type: 'response.output_item.added', output_index: index, item },
        { type: 'response.output_item.done', output_index: index, item },
      ]),
      { type: 'response.completed', response: { ...response, usage } },
    ],
  }
}

const cardsOf = (events: ThreadStreamEvent[]) => widgets(events).filter((item) => button(item, 'Approve'))

test('a page that the model’s provider read asks before a write, after more items than a model reads', async () => {
  await using _servers = await ready({ text: 'Hello.' }, answers(mail(1)))
  const thread = threadOf(await agentDoor(ann).begin('hello'))
  const store = createPrismaStore(ann.caller)
  const base = { thread_id: thread, created_at: new Date().toISOString() }
  await store.addItem(thread, {
    ...base,
    id: store.newItemId('workflow'),
    type: 'workflow',
    workflow: { type: 'custom', tasks: [{ type: 'web_search', sources: [] }] },
  } as unknown as ThreadItem)
  for (let n = 0; n < 1_010; n += 1)
    await store.addItem(thread, {
      ...base,
      id: store.newItemId('message'),
      type: 'assistant_message',
      content: [{ type: 'output_text', text: `${n}`, annotations: [] }],
    } as unknown as ThreadItem)
  const { events } = await agentDoor(ann).say(thread, 'mail it')
  expect(JSON.stringify(cardsOf(events)[0]?.widget)).toContain('content from the web')
  expect(sent).toEqual([])
})

test('“always” does not cover a page that came after it within the same line of work', async () => {
  await using _servers = await ready(answers(search(1), mail(1)), answers(search(2), WELL), answers(mail(2)))
  const first = await agentDoor(ann).begin('search and mail')
  const thread = threadOf(first)
  const [card] = cardsOf(first.events)
  await agentDoor(ann).press(thread, card as WidgetItem, 'Always in this conversation')
  expect(sent).toEqual([{ n: 1 }])
  const later = await agentDoor(ann).say(thread, 'mail again')
  expect(cardsOf(later.events)).toHaveLength(1)
  expect(sent).toEqual([{ n: 1 }])
})
