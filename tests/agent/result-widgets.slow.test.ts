import { beforeEach, expect, test } from 'vitest'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { savePolicy } from '#lib/data/servers/policies.ts'
import { findResultWidget } from '#lib/mcp-client/calls/result-widget.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { agentDoor, buttons, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

const say = (thread: string, text: string) => agentDoor(ann).say(thread, text)
const boxes = (widget: WidgetNode) => nodes(widget).filter(({ type }) => type === 'Checkbox')
const use = (thread: string, item: WidgetItem, action: unknown) => agentDoor(ann).act(thread, item, action)
const tasks = async () => {
  const rows = await withCaller(ann.caller, (tx) => tx.task.findMany({ orderBy: { number: 'asc' } }))
  return rows.map(({ title, completedAt }) => [title, completedAt !== null])
}

/** A thread in which the demo assistant has shown the two open tasks. */
async function listed() {
  const thread = threadOf(await agentDoor(ann).begin('add a task: buy milk tomorrow'))
  await say(thread, 'add a task: call Ann')
  const [list] = widgets((await say(thread, 'what is open?')).events)
  if (!list) throw new Error('no list')
  return { thread, list }
}

test('open tasks are shown once: the list has them, and the text only counts them', async () => {
  const thread = threadOf(await agentDoor(ann).begin('add a task: buy milk tomorrow'))
  await say(thread, 'add a task: call Ann')
  const { events } = await say(thread, 'what is open?')
  expect(said(events)).toBe('2 tasks are open.')
  expect(boxes((widgets(events)[0] as WidgetItem).widget)).toHaveLength(2)
})

test('the model is told that the person sees the list', async () => {
  await using model = await openAIServer(
    { calls: [{ name: 'list_tasks', arguments: {} }] },
    { text: 'One task is open.' },
  )
  const thread = threadOf(await agentDoor(ann).begin('add a task: buy milk'))
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' })
  expect(widgets((await say(thread, 'what is open?')).events)).toHaveLength(1)
  expect(JSON.stringify(model.requests[1]?.body)).toContain('The person sees this result in the chat')
})

test.each(['done with 2', '/complete_task number=2'])(
  'an earlier list is updated when a task is completed by message: %s',
  async (words) => {
    const { thread, list } = await listed()
    const { events } = await say(thread, words)
    expect(widgets(events).map(({ id }) => id)).toEqual([list.id])
    const kept = (await agentDoor(ann).read(thread)).find(({ id }) => id === list.id) as WidgetItem
    expect(kept.widget.key).toBe(list.widget.key)
    expect(boxes(kept.widget).map(({ defaultChecked }) => defaultChecked)).toEqual([false, true])
    const renamed = await say(thread, 'rename 1 to buy oat milk')
    expect(boxes((widgets(renamed.events)[0] as WidgetItem).widget).map(({ label }) => label)).toEqual([
      '1 buy oat milk',
      '2 Call Ann',
    ])
  },
)

test('a box that is ticked in one list is ticked in every list', async () => {
  const { thread, list } = await listed()
  const [second] = widgets((await say(thread, 'what is open?')).events)
  const { events } = await use(thread, second as WidgetItem, boxes((second as WidgetItem).widget)[0]?.onChangeAction)
  expect(widgets(events).map(({ id }) => id)).toEqual([list.id, second?.id])
  for (const item of widgets(events))
    expect(boxes(item.widget).map(({ defaultChecked }) => defaultChecked)).toEqual([true, false])
})

test('the check boxes of a task list can be ticked and unticked', async () => {
  const { thread, list } = await listed()
  expect(list.widget).toMatchObject({ type: 'ListView' })
  expect(boxes(list.widget).map(({ label, defaultChecked }) => [label, defaultChecked])).toEqual([
    ['1 Buy milk', false],
    ['2 Call Ann', false],
  ])
  const ticked = await use(thread, list, boxes(list.widget)[1]?.onChangeAction)
  expect(await tasks()).toEqual([
    ['Buy milk', false],
    ['Call Ann', true],
  ])
  const [after] = widgets(ticked.events)
  expect(after?.id).toBe(list.id)
  expect(boxes((after as WidgetItem).widget).map(({ defaultChecked }) => defaultChecked)).toEqual([false, true])
  await use(thread, list, boxes((after as WidgetItem).widget)[1]?.onChangeAction)
  expect(await tasks()).toEqual([
    ['Buy milk', false],
    ['Call Ann', false],
  ])
  const { data } = await listToolCalls({ caller: ann.caller }, { threadId: thread })
  expect(data.slice(0, 2).map(({ tool, status, via, runId }) => [tool, status, via, runId !== null])).toEqual([
    ['update_task', 'succeeded', 'chat', true],
    ['complete_task', 'succeeded', 'chat', true],
  ])
})

test('the next turn’s model knows what a check box did, without the widget itself', async () => {
  const { thread, list } = await listed()
  await use(thread, list, boxes(list.widget)[0]?.onChangeAction)
  await using model = await openAIServer({ text: 'You bought milk.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k' })
  await say(thread, 'what did I do?')
  const told = JSON.stringify(model.requests[0]?.body)
  expect(told).toContain('complete_task')
  expect(told).not.toContain('graphical UI widget')
})

test('a call that the widget does not offer is refused', async () => {
  const { thread, list } = await listed()
  const forged = {
    type: 'tool.call',
    payload: { server: 'switchboard', tool: 'delete_task', arguments: { number: 1 } },
  }
  expect((await use(thread, list, forged)).events.at(-1)).toMatchObject({
    type: 'error',
    message: expect.stringContaining('no longer works'),
  })
})

/** The person has ticked a box whose tool needs an approval. */
async function asking() {
  const { thread, list } = await listed()
  const nothing = {
    afterUntrusted: null,
    repeatable: false,
    hidden: [],
    connectSeconds: null,
    idleSeconds: null,
    hardSeconds: null,
  }
  await savePolicy(ann.caller, { server: 'switchboard', tool: 'complete_task', approval: 'always', ...nothing })
  const asked = await use(thread, list, boxes(list.widget)[0]?.onChangeAction)
  const card = widgets(asked.events).find((item) => buttons(item).includes('Approve')) as WidgetItem
  expect(JSON.stringify(card.widget)).toContain('complete_task')
  expect(widgets(asked.events).find(({ id }) => id === list.id)?.widget, 'the box shows what is').toEqual(list.widget)
  expect((await tasks()).filter(([, done]) => done)).toEqual([])
  return { thread, list, card }
}

test('a check box that needs an approval shows a card; the call is made once after it and shown in the list', async () => {
  const { thread, list, card } = await asking()
  const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'complete_task' })).data
  expect(await ledger()).toEqual([])
  const replies = await Promise.all([1, 2, 3].map(() => agentDoor(ann).press(thread, card, 'Approve')))
  const { events } = replies.find((reply) => widgets(reply.events).some(({ id }) => id === list.id)) ?? { events: [] }
  expect(await tasks()).toEqual([
    ['Buy milk', true],
    ['Call Ann', false],
  ])
  const after = widgets(events).find(({ id }) => id === list.id) as WidgetItem
  expect(boxes(after.widget).map(({ defaultChecked }) => defaultChecked)).toEqual([true, false])
  expect(buttons(widgets(events).find(({ id }) => id === card.id))).toEqual([])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
})

test('a check box changes nothing if its card is declined, passed over by a message, or its tool is gone', async () => {
  const denied = await asking()
  await agentDoor(ann).press(denied.thread, denied.card, 'Decline')
  const passed = await asking()
  await say(passed.thread, 'never mind')
  expect((await agentDoor(ann).press(passed.thread, passed.card, 'Approve')).events.at(-1)).toMatchObject({
    type: 'notice',
  })
  const gone = await asking()
  withSettings({ MCP_BUILTIN: 'off' })
  expect((await agentDoor(ann).press(gone.thread, gone.card, 'Approve')).events.at(-1)).toMatchObject({
    type: 'notice',
    title: 'Not called',
  })
  expect((await tasks()).filter(([, done]) => done)).toEqual([])
  const { data } = await listToolCalls({ caller: ann.caller }, { tool: 'complete_task' })
  expect(data.map(({ status, failureClass }) => [status, failureClass])).toEqual([
    ['failed', 'denied'],
    ['declined', 'declined'],
    ['declined', 'declined'],
  ])
})

test('only widgets of trusted servers are shown, up to a size limit', () => {
  const server = (more: object): McpServer => ({ name: 's', url: 'http://s/mcp', builtin: false, ...more }) as McpServer
  const meta = { 'switchboard/widget': { type: 'Card', children: [] } }
  expect(findResultWidget(server({ config: { trusted: true } }), meta)).toEqual(meta['switchboard/widget'])
  expect(findResultWidget(server({ builtin: true }), meta)).toEqual(meta['switchboard/widget'])
  expect(findResultWidget(server({}), meta)).toBeUndefined()
  expect(findResultWidget(server({ config: { trusted: false } }), meta)).toBeUndefined()
  for (const odd of [null, 'Card', {}, { type: 5 }, { type: 'Card', value: 'x'.repeat(200_000) }])
    expect(findResultWidget(server({ builtin: true }), { 'switchboard/widget': odd })).toBeUndefined()
})
