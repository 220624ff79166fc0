import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { listTools } from '#lib/agent/tools/list-tools.ts'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { forgetTools } from '#lib/mcp-client/tools/tool-lists.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { agentDoor, button, nodes } from '#tests/support/agent-door.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type Program, startProgram } from '#tests/support/processes/program.ts'
import { withSettings } from '#tests/support/settings.ts'

// Questions of servers that others wrote, from the server's own code to the person's card and back.

let everything: Program
let python: Program
let ann: Awaited<ReturnType<typeof signedIn>>

beforeAll(async () => {
  const [one, two] = [await findFreePort(), await findFreePort()]
  const program = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'
  everything = await startProgram(process.execPath, [program, 'streamableHttp'], {
    ...{ url: `http://127.0.0.1:${one}/mcp`, env: { PORT: String(one) } },
  })
  const interpreter = process.env.INTEROP_PYTHON ?? 'python3'
  python = await startProgram(interpreter, ['tests/support/tool-servers/fastmcp_asking.py', String(two)], {
    url: `http://127.0.0.1:${two}/mcp`,
  })
}, 180_000)
afterAll(async () => {
  await everything?.[Symbol.asyncDispose]()
  await python?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  ann = await signedIn()
})

const questions = () => withCaller(ann.caller, (tx) => tx.question.findMany({ orderBy: { createdAt: 'asc' } }))

/** A turn in which the model calls this tool of the server. `answer` gets each card as it comes. */
async function ask(
  { url }: Program,
  call: { name: string; arguments: object },
  ...answers: ((thread: string, card: WidgetItem) => Promise<unknown>)[]
): Promise<string> {
  await using model = await openAIServer({ calls: [call as never] }, { text: 'Done.' })
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: url },
  })
  noteAnswer(url)
  // Server-everything adds its tools that ask a moment after a client has declared that it can.
  const names = async () => {
    const listed = (await listTools(ann.caller)).map(({ name }) => name)
    if (!listed.includes(call.name)) forgetTools({ url }, ann.caller.userId)
    return listed
  }
  await expect.poll(names, { timeout: 40_000 }).toContain(call.name)
  const turn = agentDoor(ann).begin('go')
  for (const [index, answer] of answers.entries()) {
    await expect.poll(async () => (await questions()).length, { timeout: 60_000 }).toBe(index + 1)
    const row = (await questions())[index]
    const thread = row?.threadId ?? ''
    const find = async () => (await agentDoor(ann).read(thread)).find(({ id }) => id === row?.itemId)
    await expect.poll(async () => (await find()) !== undefined, { timeout: 60_000 }).toBe(true)
    await answer(thread, (await find()) as WidgetItem)
  }
  await turn
  await expect.poll(() => model.requests.length, { timeout: 60_000 }).toBe(2)
  return JSON.stringify(model.requests[1]?.body.input)
}

async function send(thread: string, card: WidgetItem, action: unknown) {
  const { streaming } = action as { streaming?: boolean }
  const type = streaming === false ? 'threads.sync_custom_action' : 'threads.custom_action'
  const reply = await agentDoor(ann).ask({ type, params: { thread_id: thread, item_id: card.id, action } })
  expect([reply.status, JSON.stringify(reply.data).slice(0, 300)]).toEqual([200, expect.anything()])
}

const submit = (values: object) => async (thread: string, card: WidgetItem) => {
  const form = nodes(card.widget).find(({ type }: WidgetNode) => type === 'Form')
  const { payload, ...action } = (form?.onSubmitAction ?? {}) as { payload?: object }
  return send(thread, card, { ...action, payload: { ...payload, values } })
}
const press = (label: string) => async (thread: string, card: WidgetItem) =>
  send(thread, card, button(card, label)?.onClickAction)

test('server-everything gets an answer to a form with every kind of field', async () => {
  const values = {
    ...{ f0: 'Ada Lovelace', f1: true, f2: 'It was a dark night.', f3: 'ada@example.com', f4: 'https://example.com/' },
    ...{ f5: '1815-12-10', f6: '7', f7: '2.5', f8: 'Ross', f9: { 0: true, 2: true }, f10: 'hero-2' },
    ...{ f11: { 1: true }, f12: 'pet-4' },
  }
  const told = await ask(everything, { name: 'trigger_elicitation_request', arguments: {} }, submit(values))
  expect(told).toContain('User provided the requested information')
  const [row] = await questions()
  expect(row).toMatchObject({ status: 'accepted', isHeld: true })
  expect(row?.answer).toEqual({
    ...{ name: 'Ada Lovelace', check: true, firstLine: 'It was a dark night.', email: 'ada@example.com' },
    ...{ homepage: 'https://example.com/', birthdate: '1815-12-10', integer: 7, number: 2.5 },
    ...{ untitledSingleSelectEnum: 'Ross', untitledMultipleSelectEnum: ['Guitar', 'Violin'] },
    ...{ titledSingleSelectEnum: 'hero-2', titledMultipleSelectEnum: ['fish-2'], legacyTitledEnum: 'pet-4' },
  })
})

test('server-everything is told that the person declined, and that they cancelled', async () => {
  const call = { name: 'trigger_elicitation_request', arguments: {} }
  expect(await ask(everything, call, press('Decline'))).toContain('User declined')
  ann = await signedIn()
  expect(await ask(everything, call, press('Cancel'))).toContain('User cancelled')
})

test('server-everything sends the person to an address, by a request and by error -32042', async () => {
  const at = { url: 'https://example.com/pay', message: 'Pay first.', elicitationId: 'pay-1' }
  const call = { name: 'trigger_url_elicitation', arguments: at }
  expect(await ask(everything, call, submit({}))).toContain('completed the URL elicitation')
  ann = await signedIn()
  const required = { name: 'trigger_url_elicitation', arguments: { ...at, elicitationId: 'pay-2', errorPath: true } }
  // What is required first, and then the request of the call that is made again.
  expect(await ask(everything, required, submit({}), submit({}))).toContain('completed the URL elicitation')
  expect((await questions()).map(({ asked }) => (asked as { host: string }).host)).toEqual([
    'modelcontextprotocol.io',
    'example.com',
  ])
  const { data } = await listToolCalls({ caller: ann.caller })
  expect(data.map(({ tool, status }) => [tool, status])).toEqual([['trigger-url-elicitation', 'succeeded']])
})

test('FastMCP 4.1 cannot ask over revision 2026-07-28, which is ours with it, and the model reads why', async () => {
  const told = await ask(python, { name: 'book', arguments: { place: 'Luigi' } })
  expect(told).toContain('unavailable on 2026-07-28 connections')
  expect(await questions()).toEqual([])
})
