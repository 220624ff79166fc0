import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { deletePolicy, savePolicy } from '#lib/data/servers/policies.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import {
  addServer,
  changeServer,
  requireServer,
  type StoredServer,
  setServerEnabled,
} from '#lib/data/servers/servers.ts'
import { withdrawAcceptance } from '#lib/data/servers/tool-pins.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type AskingServer, askingServer, olderAskingServer } from '#tests/support/tool-servers/asking-server.ts'

// While a question waits, an admin may change what the person may do. It is looked up again when
// the answer arrives, whether the run is parked or its call held open.

type Person = Awaited<ReturnType<typeof signedIn>>
let admin: Person
let ann: Person
let server: { id: string; name: string }
let count = 0

beforeEach(async () => {
  admin = await signedIn({ role: 'admin' })
  ann = await signedIn()
})

/** Adds a server as an admin does: its tools are accepted when it first lists them. */
async function add({ url }: AskingServer, model: OpenAIServer): Promise<void> {
  count += 1
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
    ...{ MCP_BUILTIN: 'off', MCP_ALLOW_PRIVATE: 'on' },
  })
  const { id, name } = await addServer(admin.caller, {
    ...{ name: `asks-${count}`, url, audience: 'everyone' },
    config: ServerConfig.parse({}),
    secrets: { headers: {} },
  })
  await setServerEnabled(admin.caller, id, true)
  onTestFinished(() => setServerEnabled(admin.caller, id, false))
  server = { id, name }
}

const setPolicy = (approval: 'always' | 'never') =>
  savePolicy(admin.caller, {
    ...{ server: server.name, tool: 'book', approval, afterUntrusted: null, repeatable: false, hidden: [] },
    ...{ connectSeconds: null, idleSeconds: null, hardSeconds: null },
  })

async function change(more: Partial<Pick<StoredServer, 'config' | 'audience'>>): Promise<void> {
  const { name, url, audience, config } = await requireServer(server.id)
  await changeServer(admin.caller, server.id, { name, url, audience, config, secrets: { headers: {} }, ...more })
}

const book = { calls: [{ name: 'book', arguments: { place: 'Luigi' }, id: 'c1' }] }
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'book' })).data.reverse()
const questions = () => withCaller(ann.caller, (tx) => tx.question.findMany({ orderBy: { createdAt: 'asc' } }))

/** Begins a turn, and resolves when its call asks. A held call's turn goes on meanwhile. */
async function ask(begun: Promise<unknown> = agentDoor(ann).begin('book a table')) {
  await expect.poll(async () => (await questions()).length).toBe(1)
  const [row] = await questions()
  const thread = row?.threadId ?? ''
  const find = async () => (await agentDoor(ann).read(thread)).find(({ id }) => id === row?.itemId) as WidgetItem
  await expect.poll(async () => (await find()) !== undefined).toBe(true)
  if (!row?.isHeld) await begun
  return { begun: begun as ReturnType<ReturnType<typeof agentDoor>['begin']>, thread, find, card: await find() }
}

function submit(thread: string, card: WidgetItem, isHeld: boolean) {
  const form = nodes(card.widget).find(({ type }: WidgetNode) => type === 'Form')
  const { type = 'none', payload = {} } = (form?.onSubmitAction ?? {}) as { type?: string; payload?: object }
  const action = { type, payload: { ...payload, values: { f0: 'Ada', f1: 4 } } }
  const operation = isHeld ? 'threads.sync_custom_action' : 'threads.custom_action'
  return agentDoor(ann).ask({ type: operation, params: { thread_id: thread, item_id: card.id, action } })
}

const CHANGES = {
  'a policy that the call needs approval': () => setPolicy('always'),
  'a definition that is no longer accepted': () => withdrawAcceptance(admin.caller, server.id, 'book'),
  'a tool that is denied': () => change({ config: ServerConfig.parse({ deny: ['book'] }) }),
  'a server that is for administrators now': () => change({ audience: 'admins' }),
}

test.each([
  ...Object.entries(CHANGES).map((entry) => ['a parked run', ...entry, askingServer] as const),
  ...Object.entries(CHANGES).map((entry) => ['a held call', ...entry, olderAskingServer] as const),
])('the answer to %s is not sent after %s', async (way, _, makeChange, make) => {
  await using asking = await make()
  await using model = await openAIServer(book, { text: 'Not any more.' })
  await add(asking, model)
  const { begun, thread, card, find } = await ask()
  await makeChange()
  const isHeld = way === 'a held call'
  const answered = await submit(thread, card, isHeld)
  const { events } = isHeld ? await begun : answered
  expect(said(events)).toBe('Not any more.')
  expect(JSON.stringify(asking.answers)).not.toContain('Ada')
  expect(asking.calls).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'denied' }])
  expect(JSON.stringify(model.requests[1]?.body)).toContain('so the answer was not sent')
  expect(nodes((await find()).widget).some(({ type }) => type === 'Form')).toBe(false)
  await deletePolicy(admin.caller, { server: server.name, tool: 'book' }).catch(() => undefined)
})

test('a server that is switched off meanwhile gets no answer', async () => {
  await using asking = await askingServer()
  await using model = await openAIServer(book)
  await add(asking, model)
  const { thread, card } = await ask()
  await setServerEnabled(admin.caller, server.id, false)
  const { events } = await submit(thread, card, false)
  expect(events.length).toBeGreaterThan(0)
  expect(asking.calls).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'denied' }])
})

const approve = async (events: ThreadStreamEvent[]) => {
  const card = widgets(events).at(-1)
  if (!card) throw new Error('no card')
  return (await agentDoor(ann).press(threadOf({ events }), card, 'Approve')).events
}

test('a call that was approved and then asks is answered without a second approval', async () => {
  await using asking = await askingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  await add(asking, model)
  await setPolicy('always')
  const first = await agentDoor(ann).begin('book a table')
  const { thread, card } = await ask(approve(first.events))
  const { events } = await submit(thread, card, false)
  expect(said(events)).toBe('Booked.')
  expect([asking.booked, asking.calls.length]).toEqual([1, 2])
})

test('an approval of another call with the same id does not count for the call that asks', async () => {
  await using asking = await askingServer()
  const other = { calls: [{ name: 'book', arguments: { place: 'Mario' }, id: 'c1' }] }
  await using model = await openAIServer(other, { text: 'Mario is booked.' }, book, { text: 'No.' })
  await add(asking, model)
  await setPolicy('always')
  asking.rounds = []
  const first = await agentDoor(ann).begin('book at Mario')
  await approve(first.events)
  await setPolicy('never')
  asking.rounds = [{ seats: { message: 'Sure?', requestedSchema: { type: 'object', properties: {} } } }]
  const thread = threadOf(first)
  const { card } = await ask(agentDoor(ann).say(thread, 'and at Luigi'))
  await setPolicy('always')
  // A model's ids are made unique in its input, but the first call may have left that long ago.
  const [{ callId } = { callId: '' }] = await questions()
  await withSystem('admin', (tx) => tx.approval.updateMany({ where: { threadId: thread }, data: { callId } }))
  await submit(thread, card, false)
  expect((await ledger()).map(({ status, failureClass }) => [status, failureClass])).toEqual([
    ['succeeded', null],
    ['unknown', 'denied'],
  ])
})
