import { beforeEach, describe, expect, test, vi } from 'vitest'
import { followWaiting } from '#app/api/chatkit/deliver-waiting.ts'
import { formatArguments } from '#lib/agent/approvals/approval-card.ts'
import { expireApprovals } from '#lib/agent/approvals/expire-approvals.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { type ApprovalPolicy, savePolicy } from '#lib/data/servers/policies.ts'
import { closeDb, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { agentDoor, button, buttons, nodes, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestMcp, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// From the browser's JSON to the rows: the ChatKit endpoint, the real agent, real MCP servers and a
// real database.

type Ann = Awaited<ReturnType<typeof signedIn>>
let ann: Ann

beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

const builtinFetch = ((input, init) => handleMcp(new Request(input, init))) as typeof fetch
let send: Parameters<typeof agentDoor>[1]
const begin = (text: string) => agentDoor(ann, send).begin(text)
const say = (thread: string, text: string) => agentDoor(ann, send).say(thread, text)
const press = (thread: string, card: WidgetItem, label: string, who = ann) =>
  agentDoor(who, send).press(thread, card, label)
function card(events: ThreadStreamEvent[]): WidgetItem {
  const [only] = widgets(events)
  if (!only) throw new Error(`no card in ${JSON.stringify(events)}`)
  return only
}
const notices = (events: ThreadStreamEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? event.message : []))
const tasks = () => withCaller(ann.caller, (tx) => tx.task.findMany({ orderBy: { number: 'asc' } }))
const runs = () => withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))
const ledger = async (tool: string) => (await listToolCalls({ caller: ann.caller }, { tool })).data.reverse()

/** A thread of the demo assistant with a pending approval to delete the only task. */
async function asked() {
  const thread = threadOf(await begin('add a task: buy milk'))
  const reply = await say(thread, 'delete task 1')
  return { thread, card: card(reply.events), events: reply.events }
}

/**
 * Clears everything that our code shares within a process, and all modules. What is left is what
 * another process has.
 */
async function forgetProcess() {
  await closeDb()
  for (const name of Object.keys(globalThis))
    if (name.startsWith('switchboard')) Reflect.deleteProperty(globalThis, name)
  vi.resetModules()
  const [again, chatkit, asking, doors] = await Promise.all([
    import('#lib/agent/handle-action.ts'),
    import('#app/api/chatkit/chatkit-route.ts'),
    import('#lib/agent/run-turn.ts'),
    import('#mcp/endpoint.ts'),
  ])
  expect(again.handleAction).not.toBe(handleAction)
  const fresh = { builtinFetch: ((input, init) => doors.handleMcp(new Request(input, init))) as typeof fetch }
  send = chatkit.makeChatKitRoute({ respond: asking.runTurn, act: again.handleAction, ...fresh })
}

describe('a destructive call', () => {
  test('waits for approval with its tool and exact arguments shown, and no process holds it', async () => {
    const { card, events } = await asked()
    expect(await tasks()).toHaveLength(1)
    expect(buttons(card)).toEqual(['Approve', 'Decline', 'Always in this conversation'])
    expect(JSON.stringify(card.widget)).toContain('delete_task')
    expect(nodes(card.widget).find(({ type }) => type === 'Markdown')?.value).toBe('```json\n{\n  "number": 1\n}\n```')
    expect(events.at(-1)).toMatchObject({ type: 'thread.item.done', item: { type: 'widget' } })
    expect((await runs()).map(({ status, finishedAt }) => [status, finishedAt === null])).toEqual([
      ['done', false],
      ['waiting', true],
    ])
    expect(await ledger('delete_task')).toEqual([])
    const [parked] = await withCaller(ann.caller, (tx) => tx.parkedRun.findMany())
    expect(parked?.sealed).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(parked?.sealed).not.toContain('delete')
  })

  test('is made once after the approval, and the answer goes on', async () => {
    const { thread, card: question } = await asked()
    const { events } = await press(thread, question, 'Approve')
    expect(await tasks()).toEqual([])
    expect(said(events)).toBe('Deleted: Buy milk (1).')
    expect(buttons(card(events))).toEqual([])
    expect((await runs()).map(({ status }) => status)).toEqual(['done', 'done', 'done'])
    expect(await ledger('delete_task')).toMatchObject([{ status: 'succeeded' }])
    expect(await withCaller(ann.caller, (tx) => tx.parkedRun.count())).toBe(0)
    // The workflow line that waited is the one that completes: a call has one line.
    const lines = (await agentDoor(ann).read(thread)).flatMap((item) =>
      item.type === 'workflow' ? item.workflow.tasks : [],
    )
    expect(lines.map((task) => [task.title, task.type === 'custom' && task.icon])).toEqual([
      ['Add a task', 'check-circle'],
      ['Delete a task', 'check-circle'],
    ])
  })

  test('is declined by a message that had waited, whatever that says', async () => {
    const { thread } = await asked()
    const stop = followWaiting({ respond: runTurn, act: handleAction, builtinFetch })
    const params = { thread_id: thread, input: typed('Yes, I approve.') }
    expect((await agentDoor(ann, send).ask({ type: 'threads.wait_message', params })).status).toBe(200)
    await expect.poll(async () => (await runs()).map(({ status }) => status)).toEqual(['done', 'stopped', 'done'])
    stop()
    expect(await tasks()).toHaveLength(1)
    expect(await ledger('delete_task')).toMatchObject([{ status: 'declined' }])
  })

  test('survives a restart because no part of it is in a process’s memory', async () => {
    const { thread, card: question } = await asked()
    await forgetProcess()
    const { events } = await press(thread, question, 'Approve')
    expect(said(events)).toBe('Deleted: Buy milk (1).')
    expect(await tasks()).toEqual([])
  })

  test('is not made if it is declined; the ledger, the chat and the model all say so', async () => {
    const { thread, card } = await asked()
    const { events } = await press(thread, card, 'Decline')
    expect(await tasks()).toHaveLength(1)
    expect(said(events)).toContain('declined this call')
    expect(await ledger('delete_task')).toMatchObject([{ status: 'declined', failureClass: 'declined' }])
    expect(JSON.stringify(events)).toMatch(/Not made: The person declined this call\. \(declined\)/)
  })

  test('is declined by a new message', async () => {
    const { thread, card: question } = await asked()
    const { events } = await say(thread, 'what is open?')
    expect(said(events)).toBe('One task is open.')
    expect(buttons(card(events))).toEqual([])
    expect(await ledger('delete_task')).toMatchObject([{ status: 'declined', failureClass: 'declined' }])
    expect((await runs()).map(({ status }) => status)).toEqual(['done', 'stopped', 'done'])
    const late = await press(thread, question, 'Approve')
    expect(notices(late.events)).toEqual([expect.stringContaining('decided before')])
    expect(await tasks()).toHaveLength(1)
  })

  test('cannot be approved by another person', async () => {
    const { thread, card } = await asked()
    const bob = await signedIn({ name: 'Bob', role: 'admin' })
    expect((await press(thread, card, 'Approve', bob)).status).toBe(404)
    const own = threadOf(await agentDoor(bob).begin('hello'))
    const stolen = await agentDoor(bob).act(own, undefined, button(card, 'Approve')?.onClickAction)
    expect(stolen.events.at(-1)).toMatchObject({ type: 'error', message: 'This approval was not found. Ask again.' })
    expect(await tasks()).toHaveLength(1)
    expect((await press(thread, card, 'Approve')).status).toBe(200)
    expect(await tasks()).toHaveLength(0)
  })

  test('cannot be approved twice: one of ten simultaneous presses counts', async () => {
    const { thread, card } = await asked()
    const replies = await Promise.all(Array.from({ length: 10 }, () => press(thread, card, 'Approve')))
    expect(replies.filter(({ events }) => said(events).includes('Deleted'))).toHaveLength(1)
    const again = await press(thread, card, 'Approve')
    expect(notices(again.events)).toEqual([expect.stringContaining('decided before')])
    const no = await press(thread, card, 'Decline')
    expect(notices(no.events)).toEqual([expect.stringContaining('decided before')])
    const rows = await withCaller(ann.caller, (tx) => tx.approval.findMany())
    expect(rows.map(({ status }) => status)).toEqual(['approved'])
    expect(await ledger('delete_task')).toHaveLength(1)
  })

  test('expires after a day, whether a person answers too late or not at all', async () => {
    const { thread, card: question } = await asked()
    const past = new Date(Date.now() - 1000)
    await withSystem('expiry', (tx) => tx.approval.updateMany({ data: { expiresAt: past } }))
    const { events } = await press(thread, question, 'Approve')
    expect(notices(events)).toEqual([expect.stringContaining('expired')])
    expect(buttons(card(events))).toEqual([])
    expect(await tasks()).toHaveLength(1)
    expect((await runs()).map(({ status }) => status)).toEqual(['done', 'stopped', 'done'])

    const [unanswered] = widgets((await say(thread, 'delete task 1')).events)
    await withSystem('expiry', (tx) =>
      tx.approval.updateMany({ where: { status: 'pending' }, data: { expiresAt: past } }),
    )
    await expireApprovals()
    expect((await runs()).at(-1)).toMatchObject({ status: 'stopped', errorMessage: 'The approval expired.' })
    expect(await withCaller(ann.caller, (tx) => tx.parkedRun.count())).toBe(0)
    const shown = (await agentDoor(ann).read(thread)).find(({ id }) => id === unanswered?.id)
    expect(buttons(shown as WidgetItem)).toEqual([])
    expect((await ledger('delete_task')).map(({ failureClass }) => failureClass)).toEqual(['declined', 'declined'])
    expect(await expireApprovals()).toBe(0)
  })

  test('loses its buttons for every reader once its approval is a day old', async () => {
    const { thread, card: question } = await asked()
    const shown = async () => (await agentDoor(ann).read(thread)).find(({ id }) => id === question.id) as WidgetItem
    expect(buttons(await shown())).toHaveLength(3)
    const created_at = new Date(Date.now() - 25 * 3_600_000).toISOString()
    await createPrismaStore(ann.caller).saveItem(thread, { ...question, created_at })
    expect(buttons(await shown())).toEqual([])
    expect(JSON.stringify(await shown())).toContain('has expired')
  })

  test('is never made from another run’s parked state', async () => {
    const { thread, card } = await asked()
    const other = await asked()
    const [one, two] = await withCaller(ann.caller, (tx) => tx.parkedRun.findMany({ orderBy: { createdAt: 'asc' } }))
    await withCaller(ann.caller, (tx) =>
      tx.parkedRun.update({ where: { runId: one?.runId ?? '' }, data: { sealed: two?.sealed ?? '' } }),
    )
    const swapped = await press(thread, card, 'Approve')
    expect(notices(swapped.events)).not.toEqual([])
    withSettings({ APP_SECRET: 'another secret of the tests, also long' })
    const rotated = await signedIn()
    expect(rotated).toBeDefined()
    expect(await tasks()).toHaveLength(2)
    expect(other.thread).toBeDefined()
  })
})

describe('with a real model', () => {
  const wipe = (more: Partial<TestTool> = {}): TestTool => ({
    name: 'wipe',
    run: ({ what }) => `wiped ${what}`,
    annotations: { destructiveHint: true },
    ...more,
  })
  async function ready(server: TestMcp, api: 'responses' | 'chat_completions', url: string, policy?: ApprovalPolicy) {
    withSettings({
      OPENAI_BASE_URL: url,
      OPENAI_API: api,
      OPENAI_API_KEY: 'k',
      MCP_BUILTIN: 'off',
      MCP_SERVER_URL: server.url,
    })
    const name = new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
    const nothing = {
      afterUntrusted: null,
      repeatable: false,
      hidden: [],
      connectSeconds: null,
      idleSeconds: null,
      hardSeconds: null,
    }
    if (policy) await savePolicy(ann.caller, { server: name, tool: '*', approval: policy, ...nothing })
  }
  const call = (what: string, id?: string) => ({ name: 'wipe', arguments: { what }, id })

  test.each(['responses', 'chat_completions'] as const)(
    'over %s: one answer has two destructive calls, which wait for approval, and a harmless one, which does not',
    async (api) => {
      await using server = await mcpServer([wipe(), { name: 'look', run: () => 'all is well' }])
      await using model = await openAIServer(
        { calls: [call('disk', 'c1'), { name: 'look', arguments: {}, id: 'c2' }, call('tape', 'c3')] },
        { text: 'Done with it.' },
      )
      await ready(server, api, model.url)
      const first = await begin('clean up')
      const thread = threadOf(first)
      const [disk, tape] = widgets(first.events)
      expect(server.calls).toEqual([{ tool: 'look', args: {} }])
      expect(model.requests).toHaveLength(1)
      const denied = await press(thread, disk as WidgetItem, 'Decline')
      expect(said(denied.events)).toBe('')
      expect(server.calls).toHaveLength(1)
      const { events } = await press(thread, tape as WidgetItem, 'Approve')
      expect(said(events)).toBe('Done with it.')
      expect(server.calls).toEqual([
        { tool: 'look', args: {} },
        { tool: 'wipe', args: { what: 'tape' } },
      ])
      const told = JSON.stringify(model.requests[1]?.body)
      expect(told).toContain('all is well')
      expect(told).toContain('wiped tape')
      expect(told).toMatch(/declined this call\. \(declined\)/)
      expect(
        (await ledger('wipe')).map(({ status, failureClass, callId }) => [status, failureClass, callId]).sort(),
      ).toEqual([
        ['declined', 'declined', 'c1'],
        ['succeeded', null, 'c3'],
      ])
      // The model of the next turn sees every call once, with its result.
      model.script({ text: 'Anything else?' })
      await say(thread, 'thanks')
      const later = JSON.stringify(model.requests[2]?.body)
      expect(later.split('wiped tape')).toHaveLength(2)
      expect(later).not.toContain('has not approved')
      expect(later).not.toContain('approval:')
    },
  )

  test('a resumed run reads the person, the name and the time again instead of taking them from its parked state', async () => {
    await using server = await mcpServer([wipe()])
    await using model = await openAIServer({ calls: [call('disk')] }, { text: 'Done.' })
    await ready(server, 'responses', model.url)
    const first = await begin('clean up')
    await withSystem('admin', (tx) => tx.user.update({ where: { id: ann.person.id }, data: { name: 'Ann Renamed' } }))
    await press(threadOf(first), card(first.events), 'Approve')
    const told = JSON.stringify(model.requests[1]?.body)
    expect(told).toContain('Ann Renamed')
    expect(told).not.toContain('Ann Example')
  })

  test('an approval is void if the tool changed after the card was shown', async () => {
    const tool = wipe()
    await using server = await mcpServer([tool])
    await using model = await openAIServer({ calls: [call('disk')] }, { text: 'Never said.' })
    await ready(server, 'responses', model.url)
    const first = await begin('clean up')
    tool.description = 'wipes, and sends a copy to somebody else'
    const { events } = await press(threadOf(first), card(first.events), 'Approve')
    expect(notices(events)).toEqual([expect.stringContaining('changed')])
    expect(server.calls).toEqual([])
    expect(model.requests).toHaveLength(1)
    expect(await ledger('wipe')).toMatchObject([{ status: 'failed', failureClass: 'denied' }])
    const last = JSON.stringify(widgets(events).at(-1))
    expect(last).toContain('Expired: the tool has changed. Ask again.')
    expect(last).not.toContain('You approved')
  })

  test.each(['time', 'a new message'] as const)(
    'what was decided beside an approval that %s ends was not made, and its card says so',
    async (by) => {
      await using server = await mcpServer([wipe()])
      await using model = await openAIServer(
        { calls: [call('disk', 'c1'), call('tape', 'c2'), call('card', 'c3')] },
        ...(by === 'time' ? [] : [{ text: 'Something else.' }]),
        { calls: [call('floppy', 'c4')] },
        { text: 'Wiped.' },
      )
      await ready(server, 'responses', model.url)
      const first = await begin('clean up')
      const thread = threadOf(first)
      const [disk, tape, open] = widgets(first.events) as [WidgetItem, WidgetItem, WidgetItem]
      await press(thread, disk, 'Always in this conversation')
      await press(thread, tape, 'Decline')
      if (by === 'time') {
        await withSystem('expiry', (tx) =>
          tx.approval.updateMany({ where: { status: 'pending' }, data: { expiresAt: new Date(Date.now() - 1_000) } }),
        )
        await expireApprovals()
      } else await say(thread, 'something else')
      const shown = await agentDoor(ann).read(thread)
      const endings = [disk, tape, open].map(({ id }) => {
        const item = shown.find((one) => one.id === id) as WidgetItem
        return (item.widget.children as { value?: string }[]).at(-1)?.value
      })
      const why = by === 'time' ? 'Not made: this approval has expired.' : 'Not made: you wrote something else.'
      const always = `${why} You approved this tool for the rest of this conversation.`
      expect(endings).toEqual([always, 'You declined this call.', why])
      expect(server.calls).toEqual([])
      const rows = (await ledger('wipe')).map(({ callId, status }) => [callId, status])
      expect(rows.sort()).toEqual(['c1', 'c2', 'c3'].map((id) => [id, 'declined']))
      const kept = (await createPrismaStore(ann.caller).listItems(thread, { limit: 100, order: 'asc' })).data
      expect(JSON.stringify(kept)).not.toContain('has not approved')
      // What was allowed for the rest of the conversation is not forgotten with the call.
      await say(thread, 'wipe the floppy')
      expect(server.calls).toHaveLength(1)
    },
  )

  type Step = 'asks' | 'calls'
  const policies: [ApprovalPolicy, string, Step[]][] = [
    ['never', 'Approve', ['calls', 'calls']],
    ['always', 'Approve', ['asks', 'asks']],
    ['first', 'Approve', ['asks', 'calls']],
    ['annotation', 'Approve', ['asks', 'asks']],
    ['annotation', 'Always in this conversation', ['asks', 'calls']],
  ]
  test.each(policies)('policy %s, answered with %s: %j', async (policy, label, steps) => {
    await using server = await mcpServer([wipe({ annotations: { destructiveHint: true, openWorldHint: false } })])
    const answers = [0, 1].flatMap((at) => [{ calls: [call(`disk ${at}`)] }, { text: 'Done.' }])
    await using model = await openAIServer(...answers)
    await ready(server, 'responses', model.url, policy)
    const first = await begin('clean up')
    const seen: Step[] = [widgets(first.events).length > 0 ? 'asks' : 'calls']
    if (seen[0] === 'asks') await press(threadOf(first), card(first.events), label)
    const second = await say(threadOf(first), 'and the next one')
    seen.push(widgets(second.events).length > 0 ? 'asks' : 'calls')
    expect(seen).toEqual(steps)
    // The decision does not apply to another thread.
    if (steps[0] === 'asks') {
      model.script({ calls: [call('other')] })
      if (seen[1] === 'asks') await press(threadOf(first), card(second.events), 'Decline')
      expect(widgets((await begin('clean up')).events)).toHaveLength(1)
    }
  })

  test.each(['[]', 'null', '"x"', '7', 'true'])(
    'arguments that are not an object are refused without a card or a call: %s',
    async (text) => {
      await using server = await mcpServer([wipe()])
      await using model = await openAIServer({ calls: [{ name: 'wipe', arguments: text }] }, { text: 'I see.' })
      await ready(server, 'chat_completions', model.url)
      const { events } = await begin('clean up')
      expect(server.calls).toEqual([])
      expect(widgets(events)).toEqual([])
      expect(said(events)).toBe('I see.')
    },
  )

  test('missing arguments become an empty object', async () => {
    await using server = await mcpServer([wipe(), { name: 'look', run: () => 'all is well' }])
    await using model = await openAIServer({ calls: [{ name: 'look', arguments: '' }] }, { text: 'Fine.' })
    await ready(server, 'chat_completions', model.url)
    expect(said((await begin('look')).events)).toBe('Fine.')
    expect(server.calls).toEqual([{ tool: 'look', args: {} }])
  })

  test.each([
    ['{"what":"disk","n":-0}', 'the number -0 would be sent as 0'],
    ['{"what":"disk","n":1e400}', 'the number 1e400 would be sent as null'],
    ['{"what":"disk","id":12345678901234567890}', 'the number 12345678901234567890 would be sent as'],
    ['{"what":"disk","what":"tape"}', 'an object has the same key twice'],
    [`{"what":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested deeper than 32 levels'],
  ])('a call that would be sent differently from how it is shown is refused before the card: %s', async (text, why) => {
    await using server = await mcpServer([wipe()])
    await using model = await openAIServer({ calls: [{ name: 'wipe', arguments: text }] }, { text: 'I see.' })
    await ready(server, 'chat_completions', model.url)
    const { events } = await begin('clean up')
    expect(widgets(events)).toEqual([])
    expect(server.calls).toEqual([])
    expect(said(events)).toBe('I see.')
    expect(JSON.stringify(model.requests[1]?.body)).toContain(why)
    expect(await ledger('wipe')).toMatchObject([{ status: 'failed', failureClass: 'denied' }])
  })

  test('a call that needs no approval is made with such a number', async () => {
    await using server = await mcpServer([{ name: 'look', run: () => 'all is well' }])
    await using model = await openAIServer({ calls: [{ name: 'look', arguments: '{"x":-0}' }] }, { text: 'Fine.' })
    await ready(server, 'chat_completions', model.url)
    expect(said((await begin('look')).events)).toBe('Fine.')
    expect(server.calls).toEqual([{ tool: 'look', args: { x: 0 } }])
  })

  test('invisible characters are shown on the card, and the approved arguments are sent unchanged', async () => {
    const what = `disk${' '.repeat(400)}and tape \u{e0100}\u2800`
    await using server = await mcpServer([wipe()])
    await using model = await openAIServer({ calls: [call(what)] }, { text: 'Done.' })
    await ready(server, 'responses', model.url)
    const first = await begin('clean up')
    const shown = JSON.stringify(card(first.events))
    expect(shown).toContain('disk⟦400 spaces⟧and tape ⟦U+E0100⟧⟦U+2800⟧')
    expect(shown).not.toMatch(/\u2800|\u{e0100}/u)
    await press(threadOf(first), card(first.events), 'Approve')
    expect(server.calls).toEqual([{ tool: 'wipe', args: { what } }])
  })

  test('arguments that are too long to read are refused instead of being truncated on the card', async () => {
    await using server = await mcpServer([wipe()])
    await using model = await openAIServer({ calls: [call('x'.repeat(30_000))] }, { text: 'I see.' })
    await ready(server, 'responses', model.url)
    const { events } = await begin('clean up')
    expect(widgets(events)).toEqual([])
    expect(said(events)).toBe('I see.')
    expect(server.calls).toEqual([])
    expect(await ledger('wipe')).toMatchObject([{ failureClass: 'denied' }])
  })
})

test('invisible characters in displayed arguments are written out', () => {
  expect(formatArguments({ file: 'a\u202etxt.exe', zero: 'a\u200bb', tag: '\u{e0041}' })).toBe(
    '```json\n{\n  "file": "a⟦U+202E⟧txt.exe",\n  "zero": "a⟦U+200B⟧b",\n  "tag": "⟦U+E0041⟧"\n}\n```',
  )
  expect(formatArguments('```')).toBe('````json\n"```"\n````')
})
