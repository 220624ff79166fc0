import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { AskedQuestions } from '#app/calls/asked-questions.tsx'
import { expireQuestions } from '#lib/agent/questions/expire-questions.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { rememberLocale } from '#lib/data/people/profile.ts'
import { listCallQuestions } from '#lib/data/runs/questions/call-questions.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { deletePolicy, savePolicy } from '#lib/data/servers/policies.ts'
import { listServersFor } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, button, buttons, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { renderPage } from '#tests/support/render-page.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type AskingServer, askingServer, SEATS } from '#tests/support/tool-servers/asking-server.ts'

// The page reads the visitor's language.
vi.mock('next/headers', () => ({ headers: async () => new Headers() }))

// Questions of revision 2026-07-28, from the browser's JSON to the rows: the ChatKit endpoint, the
// real agent, a real MCP server and a real database.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person

beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

function ready(server: AskingServer, model: OpenAIServer): void {
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'k',
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: server.url,
    THREAD_TITLES: 'first_words',
  })
}

const book = { calls: [{ name: 'book', arguments: { place: 'Luigi' }, id: 'c1' }] }
const ledger = async () => (await listToolCalls({ caller: ann.caller }, { tool: 'book' })).data.reverse()
const questions = () => withCaller(ann.caller, (tx) => tx.question.findMany({ orderBy: { createdAt: 'asc' } }))
const runs = () => withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))
const notices = (events: ThreadStreamEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? event.message : []))

function cardIn(events: ThreadStreamEvent[]): WidgetItem {
  const card = widgets(events).at(-1)
  if (!card) throw new Error(`no card in ${JSON.stringify(events)}`)
  return card
}

function formOf({ widget }: WidgetItem): WidgetNode | undefined {
  return nodes(widget).find(({ type }) => type === 'Form')
}

/** Submits a card's form with these values by the fields' places. */
function submit(thread: string, card: WidgetItem, values: object, who = ann) {
  const action = formOf(card)?.onSubmitAction as { type: string; payload: object } | undefined
  const { type = 'none', payload = {} } = action ?? {}
  return agentDoor(who).act(thread, card, { type, payload: { ...payload, values } })
}

async function asked(server: AskingServer, model: OpenAIServer) {
  ready(server, model)
  const first = await agentDoor(ann).begin('book a table')
  return { thread: threadOf(first), card: cardIn(first.events), events: first.events }
}

test('a question parks the run, and its answer goes back once, with the state byte for byte', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  const { thread, card } = await asked(server, model)
  expect(buttons(card)).toEqual(['Submit', 'Decline', 'Cancel'])
  expect(JSON.stringify(card.widget)).toContain('For whom, and how many seats?')
  expect(JSON.stringify(card.widget)).toContain('book')
  expect(model.requests).toHaveLength(1)
  expect(await runs()).toMatchObject([{ status: 'waiting', finishedAt: null }])
  expect(await ledger()).toMatchObject([{ status: 'pending' }])
  expect(server.booked).toBe(0)

  const { events } = await submit(thread, card, { f0: 'Ada', f1: '4' })
  expect(said(events)).toBe('Booked.')
  expect(formOf(cardIn(events))).toBeUndefined()
  expect(server.booked).toBe(1)
  expect(server.calls).toHaveLength(2)
  expect(server.answers).toEqual([{ action: 'accept', content: { guest: 'Ada', seats: 4 } }])
  expect(await ledger()).toMatchObject([{ status: 'succeeded', callId: 'c1' }])
  expect((await runs()).map(({ status }) => status)).toEqual(['done', 'done'])
  expect(await questions()).toMatchObject([
    { status: 'accepted', answer: { guest: 'Ada', seats: 4 }, sealedAnswer: null, asked: { message: SEATS.message } },
  ])
  const told = JSON.stringify(model.requests[1]?.body)
  expect(told).toContain('booked: ')
  expect(told).not.toContain('not answered yet')
  const lines = (await agentDoor(ann).read(thread)).flatMap((item) =>
    item.type === 'workflow' ? item.workflow.tasks : [],
  )
  expect(lines.map((task) => [task.title, task.type === 'custom' && task.icon])).toEqual([['book', 'check-circle']])
})

test.each([
  ['Decline', 'decline', 'declined'],
  ['Cancel', 'cancel', 'cancelled'],
])('%s is an answer too', async (label, word, status) => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'As you like.' })
  const { thread, card } = await asked(server, model)
  const { events } = await agentDoor(ann).press(thread, card, label)
  expect(said(events)).toBe('As you like.')
  expect(server.answers).toEqual([{ action: word }])
  expect(await questions()).toMatchObject([{ status, answer: null }])
})

test.each([
  ['others', 'sampling/createMessage', 'an answer from the model (sampling)'],
  ['others', 'roots/list', 'a list of folders (roots)'],
  ['unchecked', 'sampling/createMessage', 'an answer from the model (sampling)'],
  ['unchecked', 'roots/list', 'a list of folders (roots)'],
  ['unchecked', 'logging/setLevel', 'more input'],
] as const)(
  'a server that asks (%s) for %s is refused in a plain sentence, and its call ends',
  async (way, method, wanted) => {
    await using server = await askingServer()
    server[way] = [method]
    await using model = await openAIServer(book, { text: 'It cannot be done.' })
    ready(server, model)
    const { events } = await agentDoor(ann).begin('book a table')
    expect(said(events)).toBe('It cannot be done.')
    // Its form is not shown either, because an answer would not bring the call to its end.
    expect([widgets(events), await questions()]).toEqual([[], []])
    const [row] = await ledger()
    expect(row).toMatchObject({ status: 'unknown', failureClass: 'input_required' })
    expect(row?.errorMessage).toContain(`${wanted}`)
    expect(row?.errorMessage).toContain('which is not offered here.')
    expect(JSON.stringify(model.requests[1]?.body.input)).toContain(row?.errorMessage)
    expect([server.booked, server.calls.length]).toEqual([0, 1])
    expect((await runs()).map(({ status }) => status)).toEqual(['done'])
  },
)

test('a form is checked on the server; a wrong value sends nothing, and can be corrected', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  const { thread, card } = await asked(server, model)
  for (const [values, sentence] of [
    [{ f0: 'Ada', f1: '9' }, 'at most 8'],
    [{ f0: 'A', f1: '2' }, 'at least 2 characters'],
    [{ f0: 'Ada' }, 'Fill in “Seats”.'],
  ] as const) {
    const { events } = await submit(thread, card, values)
    expect(events.at(-1)).toMatchObject({ type: 'error', message: expect.stringContaining(sentence) })
  }
  expect(server.calls).toHaveLength(1)
  await submit(thread, card, { f0: 'Ada', f1: 2 })
  expect(server.booked).toBe(1)
})

test('a server may ask again, and several things at once: the person answers one after the other', async () => {
  await using server = await askingServer({ one: SEATS, two: SEATS }, { three: SEATS })
  await using model = await openAIServer(book, { text: 'Booked.' })
  const first = await asked(server, model)
  const second = cardIn((await submit(first.thread, first.card, { f0: 'Ada', f1: 1 })).events)
  expect(server.calls).toHaveLength(1)
  const third = cardIn((await submit(first.thread, second, { f0: 'Bob', f1: 2 })).events)
  expect(server.calls[1]?.inputResponses).toMatchObject({
    one: { content: { guest: 'Ada' } },
    two: { content: { guest: 'Bob' } },
  })
  const { events } = await submit(first.thread, third, { f0: 'Cy', f1: 3 })
  expect(said(events)).toBe('Booked.')
  expect([server.booked, server.calls.length]).toEqual([1, 3])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])
  expect((await questions()).map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted'])
})

test('a server that asks more than five times is not answered any more', async () => {
  await using server = await askingServer(...Array.from({ length: 9 }, () => ({ seats: SEATS })))
  await using model = await openAIServer(book, { text: 'It asks too much.' })
  const { thread, card } = await asked(server, model)
  let latest = card
  let events: ThreadStreamEvent[] = []
  for (let round = 0; round < 5; round += 1) {
    events = (await submit(thread, latest, { f0: 'Ada', f1: 1 })).events
    latest = cardIn(events)
  }
  expect(said(events)).toBe('It asks too much.')
  expect(server.calls).toHaveLength(6)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
})

test.each([413, 429, 404])('a call that has asked and is then refused with %i stays in doubt', async (status) => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'Not booked.' })
  const { thread, card } = await asked(server, model)
  server.refusal = status
  const { events } = await submit(thread, card, { f0: 'Ada', f1: '4' })
  expect(said(events)).toBe('Not booked.')
  expect(await ledger()).toMatchObject([{ status: 'unknown' }])
})

test('ten answers at once: one counts', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'Booked.' })
  const { thread, card } = await asked(server, model)
  await Promise.all(Array.from({ length: 10 }, (_, n) => submit(thread, card, { f0: `Guest ${n}`, f1: 1 })))
  expect([server.booked, server.calls.length]).toEqual([1, 2])
  const again = await agentDoor(ann).press(thread, card, 'Decline')
  expect(notices(again.events)).toEqual([expect.stringContaining('answered before')])
})

test('nobody but its owner can answer, and learns nothing', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'Hello.' }, { text: 'Booked.' })
  const { thread, card } = await asked(server, model)
  const bob = await signedIn({ name: 'Bob', role: 'admin' })
  expect((await submit(thread, card, { f0: 'Bob', f1: 1 }, bob)).status).toBe(404)
  const own = threadOf(await agentDoor(bob).begin('hello'))
  const stolen = await agentDoor(bob).act(own, undefined, button(card, 'Decline')?.onClickAction)
  const missing = await agentDoor(bob).act(own, undefined, { type: 'question.decline', payload: { question: 'qst_x' } })
  expect(stolen.events.at(-1)).toEqual(missing.events.at(-1))
  expect(stolen.events.at(-1)).toMatchObject({ type: 'error', message: 'This question was not found. Ask again.' })
  expect(server.calls).toHaveLength(1)
  await submit(thread, card, { f0: 'Ada', f1: 1 })
  expect(server.booked).toBe(1)
})

test('a new message cancels the question: the call may have taken effect, and is not sent again', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'What else?' })
  const { thread, card } = await asked(server, model)
  const { events } = await agentDoor(ann).say(thread, 'never mind')
  expect(formOf(cardIn(events))).toBeUndefined()
  expect(JSON.stringify(cardIn(events).widget)).toContain('you wrote something else')
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
  expect(JSON.stringify(model.requests[1]?.body)).toContain('may have taken effect')
  const late = await submit(thread, card, { f0: 'Ada', f1: 1 })
  expect(notices(late.events)).toEqual([expect.stringContaining('answered before')])
  expect(server.calls).toHaveLength(1)
})

test('a question expires after a day; a tool that only reads had no effect', async () => {
  await using server = await askingServer()
  server.annotations = { readOnlyHint: true }
  await using model = await openAIServer(book)
  const { thread, card } = await asked(server, model)
  await withSystem('admin', (tx) =>
    tx.question.updateMany({ where: { threadId: thread }, data: { expiresAt: new Date(Date.now() - 1000) } }),
  )
  expect(await expireQuestions()).toBe(1)
  const shown = (await agentDoor(ann).read(thread)).find(({ id }) => id === card.id) as WidgetItem
  expect(formOf(shown)).toBeUndefined()
  expect((await runs()).map(({ status }) => status)).toEqual(['stopped'])
  // The server's own word is not trusted before an admin confirmed it.
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'input_required' }])
  const late = await submit(thread, card, { f0: 'Ada', f1: 1 })
  expect(notices(late.events)).toEqual([expect.stringContaining('expired')])
  expect(server.calls).toHaveLength(1)
})

test('the answer is not sent if the tool changed since it asked', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'It changed.' })
  const { thread, card } = await asked(server, model)
  server.description = 'books a table, and tells somebody else'
  const { events } = await submit(thread, card, { f0: 'Ada', f1: 1 })
  expect(said(events)).toBe('It changed.')
  expect(server.calls).toHaveLength(1)
  expect(await ledger()).toMatchObject([{ status: 'unknown', failureClass: 'denied' }])
})

test('a form that asks for a secret reaches nobody: the server gets the reason, the person a sentence', async () => {
  const secret = {
    message: 'Sign in',
    requestedSchema: { type: 'object', properties: { pw: { type: 'string', title: 'Password' } } },
  }
  await using server = await askingServer({ secret })
  await using model = await openAIServer(book, { text: 'It wanted a password.' })
  ready(server, model)
  const { events } = await agentDoor(ann).begin('book a table')
  expect(widgets(events)).toEqual([])
  expect(notices(events)).toEqual([expect.stringContaining('looks like a secret')])
  expect(server.answers).toMatchObject([{ action: 'decline' }])
  expect(JSON.stringify(server.answers)).toContain('URL mode')
})

test('an address shows its host, and opens by a link alone', async () => {
  const pay = {
    mode: 'url' as const,
    message: 'Pay first.',
    url: 'https://xn--pypl-53dc.example/pay?x=<1>',
    elicitationId: 'e1',
  }
  await using server = await askingServer({ pay })
  await using model = await openAIServer(book, { text: 'Booked.' })
  const { thread, card } = await asked(server, model)
  const link = String(nodes(card.widget).find(({ type }) => type === 'Markdown')?.value)
  expect(link).toContain('[Open xn--pypl-53dc.example in a new tab](<https://xn--pypl-53dc.example/pay?x=%3C1%3E>)')
  expect(buttons(card)).toEqual(['I am done', 'Decline', 'Cancel'])
  expect((await questions())[0]?.asked).toEqual({ mode: 'url', message: 'Pay first.', host: 'xn--pypl-53dc.example' })
  await submit(thread, card, {})
  expect(server.answers).toEqual([{ action: 'accept' }])
})

const look = { calls: [{ name: 'look', arguments: { at: 'Luigi' } }] }
const noPolicy = { afterUntrusted: null, repeatable: false, hidden: [], connectSeconds: null, idleSeconds: null }
const askBefore = async () => {
  const [name] = (await listServersFor('admin')).map((known) => known.name)
  const policy = { server: name ?? '', tool: 'book', approval: 'always' as const, hardSeconds: null, ...noPolicy }
  await savePolicy(ann.caller, policy)
  onTestFinished(() => deletePolicy(ann.caller, policy))
}

test('an approval, then a question: the calls of all its runs are of one attempt', async () => {
  await using server = await askingServer()
  await using model = await openAIServer(look, book, { text: 'Booked.' })
  ready(server, model)
  await askBefore()
  const first = await agentDoor(ann).begin('look, then book')
  const thread = threadOf(first)
  const approved = await agentDoor(ann).press(thread, cardIn(first.events), 'Approve')
  const { events } = await submit(thread, cardIn(approved.events), { f0: 'Ada', f1: 4 })
  expect(said(events)).toBe('Booked.')
  expect(JSON.stringify(model.requests.at(-1)?.body)).not.toContain('was abandoned')
  expect(server.booked).toBe(1)
})

test('a question, then an approval: a call of the first run is not taken for another attempt’s', async () => {
  await using server = await askingServer()
  server.annotations = { readOnlyHint: true, openWorldHint: false }
  const again = { calls: [{ name: 'book', arguments: { place: 'Mario' } }] }
  await using model = await openAIServer(look, book, again, look, { text: 'Booked twice.' })
  const { thread, card } = await asked(server, model)
  await askBefore()
  // The question that waits was asked before the policy, so its call is not allowed any more.
  const refused = await submit(thread, card, { f0: 'Ada', f1: 4 })
  server.rounds = []
  const { events } = await agentDoor(ann).press(thread, cardIn(refused.events), 'Approve')
  expect(said(events)).toBe('Booked twice.')
  expect(widgets(events).filter((item) => buttons(item).includes('Approve'))).toEqual([])
})

test('the call’s page has its questions, the kind of each answer, and its text without what a policy hides', async () => {
  await using server = await askingServer({ one: SEATS }, { two: SEATS })
  await using model = await openAIServer(book, { text: 'No.' })
  const { thread, card } = await asked(server, model)
  const [name] = (await listServersFor('admin')).map((known) => known.name)
  const policy = { server: name ?? '', tool: 'book', approval: null, hardSeconds: null, ...noPolicy, hidden: ['guest'] }
  await savePolicy(ann.caller, policy)
  onTestFinished(() => deletePolicy(ann.caller, policy))
  const second = cardIn((await submit(thread, card, { f0: 'Ada', f1: 4 })).events)
  await agentDoor(ann).press(thread, second, 'Decline')
  const [{ id } = { id: '' }] = await ledger()
  const ofCall = await listCallQuestions({ admin: true }, id)
  expect(ofCall.map(({ status }) => status)).toEqual(['accepted', 'declined'])
  const html = await renderPage(AskedQuestions({ questions: ofCall }))
  expect(html).toContain('For whom, and how many seats?')
  expect(html).toMatch(/Answered.*Declined/s)
  expect(html).toContain('seats')
  expect(html).not.toContain('Ada')
  expect(JSON.stringify(await questions())).not.toContain('Ada')
  expect(server.answers[0]).toEqual({ action: 'accept', content: { guest: 'Ada', seats: 4 } })
})

test('a person reads the card, its problems and its end in their own language', async () => {
  await rememberLocale(ann.caller, { locale: 'de-AT' })
  await using server = await askingServer()
  await using model = await openAIServer(book, { text: 'Gut.' })
  const { thread, card } = await asked(server, model)
  expect(buttons(card)).toEqual(['Absenden', 'Ablehnen', 'Abbrechen'])
  expect(JSON.stringify(card.widget)).toContain('fragt dich')
  const wrong = await submit(thread, card, { f0: 'A', f1: 2 })
  expect(wrong.events.at(-1)).toMatchObject({ type: 'error', message: '„Name“ muss mindestens 2 Zeichen haben.' })
  const { events } = await agentDoor(ann).press(thread, card, 'Ablehnen')
  expect(JSON.stringify(cardIn(events).widget)).toContain('Du hast die Antwort abgelehnt.')
})

test('a call that only reads, by an admin’s word, failed without effect if it was cancelled while it waited', async () => {
  await using server = await askingServer()
  server.annotations = { readOnlyHint: true }
  await using model = await openAIServer(book, { text: 'What else?' })
  ready(server, model)
  const [name] = (await listServersFor('admin')).map((known) => known.name)
  const policy = { server: name ?? '', tool: 'book', approval: null, hardSeconds: null, ...noPolicy, repeatable: true }
  await savePolicy(ann.caller, policy)
  onTestFinished(() => deletePolicy(ann.caller, policy))
  const first = await agentDoor(ann).begin('look it up')
  await agentDoor(ann).say(threadOf(first), 'never mind')
  expect(await ledger()).toMatchObject([{ status: 'failed', failureClass: 'input_required' }])
  expect(JSON.stringify(model.requests[1]?.body.input)).not.toContain('may have taken effect')
})

test('a result with a state alone is sent back at once, five times at most, and asks nobody', async () => {
  await using server = await askingServer(...Array.from({ length: 3 }, () => ({})))
  await using model = await openAIServer(book, { text: 'Booked.' }, book, { text: 'Never.' })
  ready(server, model)
  const { events } = await agentDoor(ann).begin('book a table')
  expect(said(events)).toBe('Booked.')
  expect([server.booked, server.calls.length, (await questions()).length]).toEqual([1, 4, 0])
  expect(server.calls.map(({ inputResponses }) => inputResponses)).toEqual([undefined, undefined, undefined, undefined])
  expect(await ledger()).toMatchObject([{ status: 'succeeded' }])

  Object.assign(server, { rounds: Array.from({ length: 20 }, () => ({})), calls: [] })
  expect(said((await agentDoor(ann).begin('book another')).events)).toBe('Never.')
  expect(server.calls).toHaveLength(6)
  expect((await ledger()).at(-1)).toMatchObject({ status: 'unknown', failureClass: 'input_required' })
})

test('each value is that of its own field, however the database orders their names', async () => {
  const properties = {
    zebra: { type: 'string' },
    b: { type: 'integer' },
    aa: { type: 'boolean' },
    '2': { type: 'string' },
    colour: { type: 'string', enum: ['red', 'green'] },
  }
  await using server = await askingServer({ one: { message: 'All?', requestedSchema: { type: 'object', properties } } })
  await using model = await openAIServer(book, { text: 'Booked.' })
  const { thread, card } = await asked(server, model)
  const labels = nodes(card.widget).flatMap(({ type, value, label }) =>
    type === 'Label' ? String(value) : type === 'Checkbox' ? String(label) : [],
  )
  const [two, zebra, b, aa, colour] = ['2 (optional)', 'zebra (optional)', 'b (optional)', 'aa', 'colour (optional)']
  expect(labels).toEqual([two, zebra, b, aa, colour])
  await submit(thread, card, { f0: 'second', f1: 'stripes', f2: '7', f3: true, f4: 'green' })
  expect(server.answers).toEqual([
    { action: 'accept', content: { '2': 'second', zebra: 'stripes', b: 7, aa: true, colour: 'green' } },
  ])
})
