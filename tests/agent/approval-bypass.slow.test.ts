import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { parseServerForm } from '#app/admin/servers/parse-server-form.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { savePolicy } from '#lib/data/servers/policies.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, changeServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { agentDoor, button, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// Ways around an approval that a model, a tool server or an impatient client might try. None of
// them makes a call.

let ann: Awaited<ReturnType<typeof signedIn>>
let admin: Awaited<ReturnType<typeof signedIn>>
let count = 0

beforeEach(async () => {
  ann = await signedIn()
  admin = await signedIn({ role: 'admin' })
})

const wipe: TestTool = { name: 'wipe', run: ({ what }) => `wiped ${what}`, annotations: { destructiveHint: true } }

async function added(url: string, config: object = {}, audience: 'everyone' | 'admins' = 'everyone') {
  withSettings({ MCP_ALLOW_PRIVATE: 'on' })
  count += 1
  const given = {
    name: `outside-${count}`,
    url,
    audience,
    config: ServerConfig.parse({ pinned: false, ...config }),
    secrets: { headers: {} },
  }
  const server = await addServer(admin.caller, given)
  await setServerEnabled(admin.caller, server.id, true)
  onTestFinished(() => setServerEnabled(admin.caller, server.id, false))
  return { ...server, given }
}

test('each of several calls with the same id needs its own approval', async () => {
  await using server = await mcpServer([wipe, { name: 'look', run: () => 'all is well' }])
  const call = (name: string, what: string) => ({ calls: [{ name, arguments: { what }, id: 'call_0' }] })
  await using model = await openAIServer(
    call('look', 'here'),
    call('look', 'there'),
    call('wipe', 'disk'),
    call('wipe', 'tape'),
  )
  const settings = { OPENAI_BASE_URL: model.url, OPENAI_API: 'chat_completions', OPENAI_API_KEY: 'k' }
  withSettings({ ...settings, MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url })
  const first = await agentDoor(ann).begin('clean up')
  expect(server.calls.map(({ args }) => args.what)).toEqual(['here', 'there'])
  const [disk] = widgets(first.events)
  const second = await agentDoor(ann).press(threadOf(first), disk as WidgetItem, 'Approve')
  expect(server.calls.map(({ args }) => args.what)).toEqual(['here', 'there', 'disk'])
  const tape = widgets(second.events).find(({ id }) => id !== disk?.id)
  expect(JSON.stringify(tape?.widget)).toContain('tape')
  expect(button(tape as WidgetItem, 'Approve')).toBeDefined()
})

type Change = (server: Awaited<ReturnType<typeof added>>) => Promise<unknown>
const CHANGES: [string, Change][] = [
  ['the server is switched off', ({ id }) => setServerEnabled(admin.caller, id, false)],
  [
    'the tool is denied',
    ({ id, given }) => changeServer(admin.caller, id, { ...given, config: { ...given.config, deny: ['wipe'] } }),
  ],
  [
    'the person may no longer use the server',
    ({ id, given }) => changeServer(admin.caller, id, { ...given, audience: 'admins' }),
  ],
  [
    'the person is no longer an admin',
    async ({ id, given }) => {
      await changeServer(admin.caller, id, { ...given, audience: 'admins' })
      await withSystem('admin', (tx) => tx.user.update({ where: { id: ann.caller.userId }, data: { role: 'member' } }))
    },
  ],
]

test.each(CHANGES)('an approval has no effect if %s after the card is shown', async (_name, change) => {
  await using server = await mcpServer([wipe])
  const stored = await added(server.url)
  const thread = threadOf(await agentDoor(ann).begin('hello'))
  const [card] = widgets((await agentDoor(ann).say(thread, '/wipe what=disk')).events)
  await change(stored)
  const { events } = await agentDoor(ann).press(thread, card as WidgetItem, 'Approve')
  expect(events.at(-1)).toMatchObject({ type: 'notice', title: 'Not called' })
  expect(server.calls).toEqual([])
  expect((await listToolCalls({ caller: ann.caller })).data).toMatchObject([
    { status: 'failed', failureClass: 'denied' },
  ])
})

/** A trusted server whose one tool answers with a card with these buttons. */
async function widgetServer(actions: { type: string; payload?: object }[]) {
  const buttons = actions.map((action, at) => ({ type: 'Button', label: `Button ${at}`, onClickAction: action }))
  const served = await serve((request) =>
    createMcpHandler(() => {
      const server = new McpServer({ name: 'widgets', version: '1' })
      server.registerTool('show', { description: 'shows', inputSchema: z.looseObject({}) }, async () => ({
        content: [{ type: 'text', text: 'shown' }],
        _meta: { 'switchboard/widget': { type: 'Card', children: buttons } },
      }))
      return server
    }).fetch(request),
  )
  onTestFinished(served.close)
  noteAnswer(`${served.url}/mcp`)
  return added(`${served.url}/mcp`, { trusted: true })
}

test('a server’s widget can call only its own tools, and cannot trigger our own actions', async () => {
  const foreign = { server: 'switchboard', tool: 'add_task', arguments: { title: 'by a stranger' } }
  await widgetServer([{ type: 'tool.call', payload: foreign }, { type: 'connect.retry' }])
  const shown = await agentDoor(ann).begin('/show')
  const [card] = widgets(shown.events)
  for (const label of ['Button 0', 'Button 1']) {
    const { events } = await agentDoor(ann).press(threadOf(shown), card as WidgetItem, label)
    expect(events.at(-1)).toMatchObject({ type: 'error', message: 'This button no longer works. Ask again.' })
  }
  expect((await listToolCalls({ caller: ann.caller })).data.map(({ tool }) => tool)).toEqual(['show'])
  expect(said(shown.events)).toContain('shown')
})

/**
 * Annotations that may leave open whether a tool is destructive, the server's settings, and whether
 * an approval is needed.
 */
const UNSAID: [TestTool['annotations'], object, asks: boolean][] = [
  [{}, {}, true],
  [{ idempotentHint: true }, {}, true],
  [{ readOnlyHint: false }, {}, true],
  [{}, { trusted: true }, false],
  [{}, { trusted: true, asksUnannotated: true }, true],
  [{}, { asksUnannotated: false }, false],
  [{ readOnlyHint: true }, {}, false],
  [{ destructiveHint: false }, {}, false],
  [{ destructiveHint: true }, { asksUnannotated: false }, true],
]

test.each(UNSAID)(
  'a tool annotated %j on a server with %j needs an approval: %s',
  async (annotations, config, asks) => {
    await using server = await mcpServer([{ name: 'send', run: () => 'sent', annotations }])
    await added(server.url, config)
    const first = await agentDoor(ann).begin('/send to=ann')
    const [card] = widgets(first.events)
    expect(card !== undefined).toBe(asks)
    expect(server.calls).toHaveLength(asks ? 0 : 1)
    if (!card || annotations?.destructiveHint) return
    expect(JSON.stringify(card.widget)).toContain('does not say whether this can be undone')
    await agentDoor(ann).press(threadOf(first), card, 'Always in this conversation')
    expect(server.calls).toHaveLength(1)
    expect(widgets((await agentDoor(ann).say(threadOf(first), '/send to=bob')).events)).toEqual([])
    expect(server.calls).toHaveLength(2)
  },
)

test('a server-wide policy applies to an unannotated tool, also on the server from MCP_SERVER_URL', async () => {
  await using server = await mcpServer([{ name: 'send', run: () => 'sent', annotations: {} }])
  withSettings({ MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url })
  expect(widgets((await agentDoor(ann).begin('/send to=ann')).events)).toHaveLength(1)
  const nothing = {
    afterUntrusted: null,
    repeatable: false,
    hidden: [],
    connectSeconds: null,
    idleSeconds: null,
    hardSeconds: null,
  }
  const name = new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  await savePolicy(admin.caller, { server: name, tool: '*', approval: 'never', ...nothing })
  expect(widgets((await agentDoor(ann).begin('/send to=ann')).events)).toEqual([])
  expect(server.calls).toHaveLength(1)
})

test('the server form keeps the admin’s decision about unannotated tools', () => {
  const given = { name: 'wiki', url: 'https://tools.example.com/mcp', audience: 'everyone' }
  const parsed = (more: object) => parseServerForm(formOf({ ...given, ...more })).config.asksUnannotated
  expect(parsed({ asksUnannotated: 'on' })).toBe(true)
  expect(parsed({})).toBe(false)
})

function formOf(fields: object): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  return form
}
