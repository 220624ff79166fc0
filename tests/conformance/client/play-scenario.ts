import { expectOk, type Visitor } from '#scripts/local/first-visit.ts'
import { type Action, findAnswer, type Node, nodesOf } from '#tests/conformance/client/answer-question.ts'
import type { Product } from '#tests/conformance/client/product.ts'
import { callsFor, type Offered } from '#tests/conformance/client/scripted-calls.ts'
import type { RecordedRequest } from '#tests/support/models/openai-server.ts'

/** A scenario of the suite: its name, the URL of its server, and what the client must know. */
export type Scenario = { scenario: string; url: string; context: Record<string, unknown> }

type Item = { id: string; type: string; widget?: Node }
type Thread = { id: string; items: { data: Item[] } }

// A server that is new to the product is not waited for, so its tools may come one turn later.
const TURNS_MAX = 5
// The suite allows three authorizations.
const CONNECTS_MAX = 4
// Clients that sign in without a person, or prove the possession of a key.
const EXTENSIONS = /^auth\/(client-credentials|enterprise-managed|dpop|wif)/
const TURN_MS = 30_000
const HOPS_MAX = 10

let played = 0

/**
 * Plays one scenario through the product, as its person would: asks in the chat until the model has
 * called the tools of the scenario's server, connects the account if a card asks for it, and answers
 * the questions of the server. The
 * server is configured as an operator would. Throws what went wrong.
 */
export async function playScenario(product: Product, { scenario, url, context }: Scenario): Promise<void> {
  if (EXTENSIONS.test(scenario)) throw new Error('the product does not have this extension')
  played += 1
  const name = `s${played}`
  const { client_id: clientId, client_secret: clientSecret } = context as Record<string, string | undefined>
  const identity = { kind: 'oauth', ...(clientId && { clientId }) }
  await product.offer({
    ...{ name, url, asksUnannotated: false },
    ...(scenario.startsWith('auth/') && { identity, ...(clientSecret && { clientSecret }) }),
  })
  let called = false
  product.model.otherwise((request) => {
    const offered = toolsIn(request)
    if (hasResults(request)) return { text: 'Done.' }
    const connect = offered.find((tool) => tool.name === `connect_${name}`)
    const calls = connect ? [{ name: connect.name, arguments: {} }] : callsFor(context.toolCalls, offered)
    called ||= calls.length > 0 && !connect
    return calls.length > 0 ? { calls } : { text: 'There are no tools.' }
  })
  let thread = await say(product.person, undefined)
  let connects = 0
  for (let turns = 1; turns < TURNS_MAX; turns += 1) {
    const card = thread.items.data.find(({ widget }) => findButton(widget, /^Connect/))
    if (card) {
      connects += 1
      if (connects > CONNECTS_MAX) throw new Error('the product asks to connect again and again')
      await connect(product, String(findButton(card.widget, /^Connect/)?.payload?.server), thread.id)
      thread = await retry(product.person, thread.id)
      turns = 1
    } else if (called) return
    else thread = await say(product.person, thread.id)
  }
}

function toolsIn({ body }: RecordedRequest): Offered[] {
  return (body.tools ?? []) as Offered[]
}

/** True if the model has made its calls and is now told what came of them. */
function hasResults({ body }: RecordedRequest): boolean {
  const last = (body.input as { type?: string }[]).at(-1)
  return last?.type === 'function_call_output'
}

async function say(person: Visitor, thread: string | undefined): Promise<Thread> {
  const content = [{ type: 'input_text', text: 'Call the tools.' }]
  const input = { content, attachments: [], inference_options: {} }
  return thread
    ? turn(person, 'threads.add_user_message', { thread_id: thread, input }, thread)
    : turn(person, 'threads.create', { input })
}

/** Presses Try again on the card of an account that is connected now. */
async function retry(person: Visitor, thread: string): Promise<Thread> {
  const { items } = await readThread(person, thread)
  const card = items.data.find(({ widget }) => findButton(widget, /^Try again$/))
  if (!card) throw new Error('the account is connected, but there is no card with Try again')
  const action = findButton(card.widget, /^Try again$/)
  return turn(person, 'threads.custom_action', { thread_id: thread, item_id: card.id, action }, thread)
}

/** Has one turn answered to its end, and those of its questions, and reads the thread. */
async function turn(person: Visitor, type: string, params: object, given?: string): Promise<Thread> {
  let thread = given ?? ''
  for await (const event of eventsOf(await send(person, type, params))) {
    if (event.type === 'thread.created') thread = event.thread?.id ?? ''
    const action = event.type === 'thread.item.done' ? findAnswer(event.item?.widget) : undefined
    // The call is open meanwhile, so this turn goes on when it is answered.
    if (action?.streaming === false)
      await send(person, 'threads.sync_custom_action', { thread_id: thread, item_id: event.item?.id, action })
  }
  const now = await readThread(person, thread)
  for (const { id, widget } of now.items.data) {
    const action = findAnswer(widget)
    const answer = { thread_id: thread, item_id: id, action }
    if (action?.streaming) return turn(person, 'threads.custom_action', answer, thread)
  }
  return now
}

type Event = { type?: string; thread?: { id: string }; item?: Item }

async function* eventsOf({ body }: Response): AsyncGenerator<Event> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)) as Event
  }
}

async function readThread(person: Visitor, thread: string): Promise<Thread> {
  return (await send(person, 'threads.get_by_id', { thread_id: thread })).json() as Promise<Thread>
}

function send(person: Visitor, type: string, params: object): Promise<Response> {
  return expectOk(person, '/api/chatkit', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type, params, metadata: {} }),
    signal: AbortSignal.timeout(TURN_MS),
  })
}

/** Presses Connect and goes where the browser is sent, until it is back at the product's page. */
async function connect(product: Product, server: string, thread: string): Promise<void> {
  const begun = await expectOk(product.person, `/api/connections/${server}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ thread }),
  })
  let { url } = (await begun.json()) as { url: string }
  const cookie = [...product.person.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const there = product.local(url)
    const isOurs = there !== url
    const answer = await fetch(there, {
      redirect: 'manual',
      headers: isOurs ? { cookie } : {},
      signal: AbortSignal.timeout(TURN_MS),
    })
    await answer.body?.cancel()
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`the sign-in stopped at ${url} (${answer.status})`)
    url = new URL(location, url).href
    const problem = new URL(url).searchParams.get('problem')
    if (problem) throw new Error(`the account was not connected: ${problem}`)
    if (isOurs) return
  }
  throw new Error('the sign-in never came back')
}

function findButton(node: Node | undefined, label: RegExp): Action | undefined {
  return nodesOf(node).find(({ type, label: own = '' }) => type === 'Button' && label.test(own))?.onClickAction
}
