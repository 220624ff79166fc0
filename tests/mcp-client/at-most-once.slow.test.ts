import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { savePolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { readReply, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { type OpenAIServer, openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'
import { withSettings } from '#tests/support/settings.ts'
import { type Fault, type FaultServer, faultServer } from '#tests/support/tool-servers/fault-server.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

beforeAll(untilDatabaseIsOld)

type Ann = Awaited<ReturnType<typeof signedIn>>
let ann: Ann
beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

const post = makeChatKitRoute({ respond: runTurn, act: handleAction })
async function ask(body: unknown) {
  const headers = { 'content-type': 'application/json', ...ann.headers }
  return readReply(
    await post(
      new Request('http://127.0.0.1:3999/api/chatkit', { method: 'POST', headers, body: JSON.stringify(body) }),
    ),
  )
}
const begin = (text: string) => ask({ type: 'threads.create', params: { input: typed(text) } })
async function retry(thread: string) {
  const { data } = await ask({ type: 'items.list', params: { thread_id: thread, order: 'asc', limit: 50 } })
  const message = (data.data as ThreadItem[]).find(({ type }) => type === 'user_message')
  return ask({ type: 'threads.retry_after_item', params: { thread_id: thread, item_id: message?.id } })
}
const ledger = async () => (await listToolCalls({ caller: ann.caller })).data.reverse()
const cards = (events: ThreadStreamEvent[]) =>
  events.flatMap((event) =>
    event.type === 'thread.item.done' && event.item.type === 'widget' ? event.item : [],
  ) as WidgetItem[]
const settings = (server: FaultServer | { url: string }, model: OpenAIServer) => ({
  ...{
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'k',
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: server.url,
  },
  MCP_CALL_TIMEOUT: 'fault' in server && server.fault.kind === 'hang' ? '1' : '20',
})
const callOf = (tool: string, args: object = { amount: 7 }): Step => ({ calls: [{ name: tool, arguments: args }] })

/** Starts a turn in another process and kills that process once the tool has done its work. */
async function killedAfterTheCommit(server: FaultServer, model: OpenAIServer) {
  const file = path.join(import.meta.dirname, '../support/processes/turn-process.ts')
  const body = JSON.stringify({ type: 'threads.create', params: { input: typed('pay 7') } })
  const env = { ...process.env, ...settings(server, model), MCP_CALL_TIMEOUT: '60' }
  const child = spawn(process.execPath, [file, ann.caller.userId, body], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const gone = once(child, 'exit')
  await Promise.race([vi.waitFor(() => expect(server.calls).toHaveLength(1), { timeout: 60_000, interval: 20 }), gone])
  expect(server.calls, complaint).toHaveLength(1)
  child.kill('SIGKILL')
  await gone
  const [run] = await withCaller(ann.caller, (tx) => tx.run.findMany())
  expect(run?.status).toBe('running')
  // Its heartbeat has stopped. The test does not wait the ten seconds until that is noticed.
  await withSystem('recovery', (tx) =>
    tx.run.updateMany({ data: { heartbeatAt: new Date(Date.now() - 60_000), createdAt: new Date(0) } }),
  )
  return run?.threadId ?? ''
}

test('a Retry after the process was killed behind the tool’s commit makes no second row and asks for an approval', {
  timeout: 120_000,
}, async () => {
  const rows: unknown[] = []
  const pay: TestTool = {
    name: 'pay',
    run: (args) => {
      rows.push(args)
      return rows.length === 1 ? new Promise(() => undefined) : 'paid'
    },
  }
  await using server = await faultServer([pay])
  await using model = await openAIServer(callOf('pay'), callOf('pay'), { text: 'Then I leave it.' })
  const thread = await killedAfterTheCommit(server, model)
  withSettings(settings(server, model))
  await recoverRuns()
  expect((await withCaller(ann.caller, (tx) => tx.run.findMany()))[0]?.status).toBe('interrupted')

  const again = await retry(thread)
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(model.requests[1]?.body)).toMatch(
    /was abandoned.*- pay .*amount.*7.*: (nobody knows whether it took effect|it may have taken effect)/,
  )
  const [card] = cards(again.events)
  expect(JSON.stringify(card?.widget)).toContain('The same call was made before')
  const deny = { type: 'approval.deny', payload: payloadOf(card) }
  await ask({ type: 'threads.custom_action', params: { thread_id: thread, item_id: card?.id, action: deny } })
  expect(rows).toHaveLength(1)
  await withSystem('recovery', (tx) => tx.run.updateMany({ data: { finishedAt: new Date(0) } }))
  await recoverRuns()
  expect((await ledger()).map(({ status, failureClass }) => [status, failureClass])).toEqual([
    ['unknown', 'replica_died'],
    ['declined', 'declined'],
  ])
})

function payloadOf(card: WidgetItem | undefined): unknown {
  const found = /"payload":(\{"approval":"[^"]+"\})/.exec(JSON.stringify(card?.widget))?.[1]
  return JSON.parse(found ?? 'null')
}

describe('a retry', () => {
  const done: TestTool = { name: 'pay', run: () => 'receipt 4711' }

  test('tells the model what the first attempt’s calls did, and needs an approval for the same write', async () => {
    await using server = await faultServer([done])
    await using model = await openAIServer(callOf('pay'), { text: 'Paid.' }, callOf('pay'))
    withSettings(settings(server, model))
    const thread = threadOf(await begin('pay 7'))
    const again = await retry(thread)
    const told = JSON.stringify(model.requests[2]?.body)
    expect(told).toContain('it took effect')
    expect(told).toContain('receipt 4711')
    expect(cards(again.events)).toHaveLength(1)
    expect(server.calls).toHaveLength(1)
  })

  test('needs no approval for other arguments, or in another turn; the order of keys does not matter', async () => {
    await using server = await faultServer([done])
    await using model = await openAIServer(callOf('pay', { a: 1, b: { c: 2, d: 3 } }), { text: 'Paid.' })
    withSettings(settings(server, model))
    const thread = threadOf(await begin('pay'))
    model.script(callOf('pay', { a: 1, b: { c: 2, d: 3 } }), { text: 'Paid.' })
    const input = typed('again, please')
    expect(
      cards((await ask({ type: 'threads.add_user_message', params: { thread_id: thread, input } })).events),
    ).toEqual([])
    model.script(callOf('pay', { a: 1, b: { c: 2, d: 4 } }), { text: 'Paid.' })
    expect(cards((await retry(thread)).events)).toEqual([])
    model.script(callOf('pay', { b: { d: 3, c: 2 }, a: 1 }))
    expect(cards((await retry(thread)).events)).toHaveLength(1)
    expect(server.calls).toHaveLength(3)
  })

  test('needs an approval for a write of any branch, as often as the conversation is changed', async () => {
    await using server = await faultServer([done])
    await using model = await openAIServer(callOf('pay'), { text: 'Paid.' })
    withSettings(settings(server, model))
    const thread = threadOf(await begin('pay 7'))
    const read = async () =>
      (await ask({ type: 'threads.get_by_id', params: { thread_id: thread } })).data as unknown as WireThread
    const replaced = async () => (await read()).items.data.find(({ type }) => type === 'user_message')?.id
    const edit = async (text: string) => {
      const params = { thread_id: thread, input: typed(text), replaces: await replaced() }
      return cards((await ask({ type: 'threads.add_user_message', params })).events)
    }
    const say = async (text: string) =>
      cards((await ask({ type: 'threads.add_user_message', params: { thread_id: thread, input: typed(text) } })).events)

    // A branch without the call, then one that would make it again.
    model.script({ text: 'What for?' })
    expect(await edit('pay')).toEqual([])
    model.script(callOf('pay'))
    const [card] = await edit('pay 7 now')
    expect(JSON.stringify(card?.widget)).toContain('The same call was made before')
    // Later on the path, and after the way back to where the call was made.
    model.script(callOf('pay'))
    expect(await say('do pay')).toHaveLength(1)
    model.script({ text: 'Fine.' })
    await say('never mind')
    const { forks = [] } = await read()
    await ask({ type: 'threads.choose_branch', params: { thread_id: thread, branch_id: forks[0]?.branches[0] } })
    expect((await read()).items.data.map(({ type }) => type)).toContain('workflow')
    model.script(callOf('pay'))
    expect(await say('pay again')).toHaveLength(1)
    expect(server.calls).toHaveLength(1)
  })

  test('needs an approval for a write of a deleted turn, whose row in the ledger stays', async () => {
    await using server = await faultServer([done])
    await using model = await openAIServer(callOf('pay'), { text: 'Paid.' })
    withSettings(settings(server, model))
    const thread = threadOf(await begin('pay 7'))
    const { data } = await ask({ type: 'items.list', params: { thread_id: thread, order: 'asc' } })
    const params = { thread_id: thread, item_id: (data.data as ThreadItem[])[0]?.id }
    expect((await ask({ type: 'threads.delete_turn', params })).data.items).toMatchObject({ data: [] })
    expect(await ledger()).toMatchObject([{ tool: 'pay', status: 'succeeded' }])
    model.script(callOf('pay'))
    const input = typed('pay 7')
    const { events } = await ask({ type: 'threads.add_user_message', params: { thread_id: thread, input } })
    expect(JSON.stringify(cards(events)[0]?.widget)).toContain('The same call was made before')
    expect(server.calls).toHaveLength(1)
  })

  test('needs no approval if the first call was refused', async () => {
    await using server = await faultServer([done], { kind: 'status', status: 403, stage: 'tools/call' })
    await using model = await openAIServer(callOf('pay'), { text: 'No.' }, callOf('pay'), { text: 'Paid.' })
    withSettings(settings(server, model))
    const thread = threadOf(await begin('pay'))
    server.fault = { kind: 'none' }
    expect(cards((await retry(thread)).events)).toEqual([])
    expect(server.calls).toHaveLength(1)
  })
})

test('a model that repeats a call with an unknown outcome needs an approval', async () => {
  await using server = await faultServer([{ name: 'pay', run: () => 'paid' }], {
    kind: 'cut',
    stage: 'tools/call',
    commits: true,
  })
  await using model = await openAIServer(callOf('pay'), callOf('pay'), { text: 'Paid after all.' })
  withSettings(settings(server, model))
  const { events } = await begin('pay')
  expect(server.calls).toHaveLength(1)
  expect(JSON.stringify(cards(events)[0]?.widget)).toContain('The same call was made before')
})

test('a call with an unknown outcome is still remembered after another call is approved', async () => {
  const wipe: TestTool = { name: 'wipe', annotations: { destructiveHint: true }, run: () => 'wiped' }
  await using server = await faultServer([{ name: 'pay', run: () => 'paid' }, wipe], {
    kind: 'cut',
    stage: 'tools/call',
    commits: true,
  })
  await using model = await openAIServer(callOf('pay'), callOf('wipe'), callOf('pay'), { text: 'Paid after all.' })
  withSettings(settings(server, model))
  const first = await begin('pay and wipe')
  server.fault = { kind: 'none' }
  const [card] = cards(first.events)
  const approve = { type: 'approval.approve', payload: payloadOf(card) }
  const { events } = await ask({
    type: 'threads.custom_action',
    params: { thread_id: threadOf(first), item_id: card?.id, action: approve },
  })
  expect(server.calls.map(({ tool }) => tool)).toEqual(['pay', 'wipe'])
  expect(JSON.stringify(cards(events).at(-1)?.widget)).toContain('The same call was made before')
})

describe('the same write again within one message', () => {
  const other = { destructiveHint: false, openWorldHint: false }
  const twice = (annotations: TestTool['annotations'] = other): TestTool => ({
    name: 'pay',
    annotations,
    run: () => 'paid',
  })

  test('needs an approval, even in one answer of the model, and is made with it', async () => {
    for (const steps of [
      [callOf('pay'), callOf('pay')],
      [{ calls: [1, 2].map(() => ({ name: 'pay', arguments: { amount: 7 } })) }],
    ]) {
      await using server = await faultServer([twice()])
      await using model = await openAIServer(...steps, { text: 'Paid.' })
      withSettings(settings(server, model))
      const first = await begin('pay 7')
      const [card] = cards(first.events)
      expect(server.calls).toHaveLength(1)
      expect(JSON.stringify(card?.widget)).toContain('The same call was made before')
      const action = { type: 'approval.approve', payload: payloadOf(card) }
      await ask({ type: 'threads.custom_action', params: { thread_id: threadOf(first), item_id: card?.id, action } })
      expect(server.calls).toHaveLength(2)
    }
  })

  test('needs an approval even if the run was parked in between', async () => {
    const wipe: TestTool = { name: 'wipe', annotations: { destructiveHint: true }, run: () => 'wiped' }
    await using server = await faultServer([twice(), wipe])
    await using model = await openAIServer(callOf('pay'), callOf('wipe'), callOf('pay'), { text: 'Paid.' })
    withSettings(settings(server, model))
    const first = await begin('pay and wipe')
    const [card] = cards(first.events)
    const action = { type: 'approval.approve', payload: payloadOf(card) }
    const { events } = await ask({
      type: 'threads.custom_action',
      params: { thread_id: threadOf(first), item_id: card?.id, action },
    })
    expect(server.calls.map(({ tool }) => tool)).toEqual(['pay', 'wipe'])
    expect(JSON.stringify(cards(events).at(-1)?.widget)).toContain('The same call was made before')
  })

  test.each<[string, TestTool, object]>([
    ['a tool that is idempotent', twice({ ...other, idempotentHint: true }), { amount: 7 }],
    ['a tool that only reads', twice({ readOnlyHint: true }), { amount: 7 }],
    ['other arguments', twice(), { amount: 8 }],
  ])('needs no approval for %s', async (_, tool, args) => {
    await using server = await faultServer([tool])
    await using model = await openAIServer(callOf('pay'), callOf('pay', args), { text: 'Paid.' })
    withSettings(settings(server, model))
    expect(cards((await begin('pay')).events)).toEqual([])
    expect(server.calls).toHaveLength(2)
  })

  test('is not called a repeat if the person declined the first call', async () => {
    const wipe: TestTool = { name: 'wipe', annotations: { destructiveHint: true }, run: () => 'wiped' }
    await using server = await faultServer([wipe])
    await using model = await openAIServer(callOf('wipe'), callOf('wipe'), { text: 'Then not.' })
    withSettings(settings(server, model))
    const first = await begin('wipe')
    const [card] = cards(first.events)
    const action = { type: 'approval.deny', payload: payloadOf(card) }
    const { events } = await ask({
      type: 'threads.custom_action',
      params: { thread_id: threadOf(first), item_id: card?.id, action },
    })
    expect(JSON.stringify(cards(events).at(-1)?.widget)).toContain('Call wipe?')
    expect(JSON.stringify(cards(events).at(-1)?.widget)).not.toContain('made before')
    expect(server.calls).toEqual([])
  })

  test('needs no approval if the tool reported an error for the first call', async () => {
    let times = 0
    const run = () => {
      times += 1
      if (times === 1) throw new Error('no money')
      return 'paid'
    }
    await using server = await faultServer([{ name: 'pay', annotations: other, run }])
    await using model = await openAIServer(callOf('pay'), callOf('pay'), { text: 'Paid.' })
    withSettings(settings(server, model))
    expect(cards((await begin('pay')).events)).toEqual([])
    expect(times).toBe(2)
  })
})

describe('a call is sent a second time', () => {
  const cut: Fault = { kind: 'cut', stage: 'tools/call', commits: true }
  type Case = [what: string, annotations: TestTool['annotations'], confirmed: boolean, fault: Fault, sent: number]
  const cases: Case[] = [
    ['never if it may have taken effect', undefined, false, cut, 1],
    ['never if only the server says that it reads', { readOnlyHint: true }, false, cut, 1],
    ['never if only the admin says that it is repeatable', undefined, true, cut, 1],
    ['if it only reads and an admin confirmed it', { readOnlyHint: true }, true, cut, 2],
    ['if it is idempotent and an admin confirmed it', { idempotentHint: true }, true, cut, 2],
    ['never after a timeout', { readOnlyHint: true }, true, { kind: 'hang', stage: 'tools/call' }, 1],
    [
      'if the server lost the session, so that it never ran',
      undefined,
      false,
      { kind: 'status', status: 404, stage: 'tools/call' },
      2,
    ],
  ]
  test.each(cases)('%s', async (_what, annotations, confirmed, fault, sent) => {
    await using server = await faultServer([{ name: 'pay', annotations, run: () => 'ok' }], fault)
    await using model = await openAIServer(callOf('pay'), { text: 'I see.' })
    withSettings(settings(server, model))
    const policy: ToolPolicy = {
      ...{
        server: new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_'),
        tool: 'pay',
        approval: 'never',
        afterUntrusted: null,
        repeatable: confirmed,
      },
      ...{ hidden: [], connectSeconds: null, idleSeconds: null, hardSeconds: null },
    }
    await savePolicy(ann.caller, policy)
    await begin('pay')
    expect(server.seen.filter((method) => method === 'tools/call')).toHaveLength(sent)
    // Each time it was sent has a row of its own.
    expect(await ledger()).toHaveLength(sent)
  })
})

describe('what the ledger keeps', () => {
  test('leaves out what a rule or a telling name hides, and has the true sizes and the trace that was sent', async () => {
    const tool: TestTool = {
      name: 'pay',
      run: () =>
        JSON.stringify({ iban: 'AT61', note: 'fine', token: 'the token of the bank', big: 'x'.repeat(50_000) }),
    }
    await using server = await faultServer([tool])
    const args = { card: '4111 1111 1111', iban: 'AT61', password: 'hunter2', nested: [{ IBAN: 'AT62' }], amount: 7 }
    await using model = await openAIServer(callOf('pay', args), { text: 'Paid.' })
    withSettings(settings(server, model))
    await savePolicy(ann.caller, {
      ...{
        server: new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_'),
        tool: 'pay',
        approval: null,
        afterUntrusted: null,
        repeatable: false,
      },
      ...{ hidden: ['iban', 'card'], connectSeconds: null, idleSeconds: null, hardSeconds: null },
    })
    await begin('pay')
    expect(server.calls).toEqual([{ tool: 'pay', args }])
    const [row] = await ledger()
    const detail = await findToolCall({ caller: ann.caller }, row?.id ?? '')
    expect(detail.arguments).toEqual({
      ...{
        card: '[redacted]',
        iban: '[redacted]',
        password: '[redacted]',
        nested: [{ IBAN: '[redacted]' }],
        amount: 7,
      },
    })
    expect(detail.argumentsBytes).toBe(JSON.stringify(args).length)
    expect(detail.resultBytes).toBeGreaterThan(50_000)
    const stored = JSON.stringify(detail.result)
    expect(stored.length).toBeLessThan(40_000)
    // With a letter or a space that no id, trace or time has.
    for (const secret of ['AT61', 'AT62', '4111 1111', 'hunter2', 'the token'])
      expect(JSON.stringify(detail)).not.toContain(secret)
    expect(detail.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(detail.spanId).toMatch(/^[0-9a-f]{16}$/)
  })

  test('is linked to the trace sent with each call (W3C Trace Context in _meta): one trace per run, one span per call', async () => {
    const sent: string[] = []
    const keep = async (request: Request) => {
      const traceparent = /"traceparent":"([^"]+)"/.exec(await request.clone().text())?.[1]
      if (traceparent) sent.push(traceparent)
      return undefined
    }
    await using server = await mcpServer([{ name: 'pay', run: () => 'ok' }], keep)
    await using model = await openAIServer(
      { calls: [1, 2].map((amount) => ({ name: 'pay', arguments: { amount } })) },
      { text: 'Paid.' },
    )
    withSettings(settings(server, model))
    await begin('pay twice')
    const rows = await Promise.all((await ledger()).map(({ id }) => findToolCall({ caller: ann.caller }, id)))
    expect(rows.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).sort()).toEqual(sent.sort())
    expect(new Set(rows.map(({ traceId }) => traceId)).size).toBe(1)
    expect(new Set(rows.map(({ spanId }) => spanId)).size).toBe(2)
  })
})
