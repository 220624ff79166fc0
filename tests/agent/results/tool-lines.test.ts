import { beforeEach, expect, test } from 'vitest'
import { GET as readCall } from '#app/api/tool-calls/[run]/[call]/route.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { CustomTask, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// A tool call's line in the chat, and what it opens to.

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  ann = await signedIn()
})

/** One direct call of a tool, with the states of its line. */
async function call(tool: TestTool, words = `/${tool.name}`, person = ann) {
  await using server = await mcpServer([tool])
  withSettings({ MCP_SERVER_URL: server.url })
  const turn = await agentDoor(person).begin(words)
  return { thread: threadOf(turn), lines: linesOf(turn.events) }
}

function linesOf(events: ThreadStreamEvent[]): CustomTask[] {
  return events.flatMap((event) => {
    if (event.type === 'thread.item.updated' && 'task' in event.update) return [event.update.task as CustomTask]
    return event.type === 'thread.item.done' ? tasksOf(event.item) : []
  })
}

function tasksOf(item: ThreadItem): CustomTask[] {
  return item.type === 'workflow' ? (item.workflow.tasks as CustomTask[]) : []
}

async function details(line: CustomTask | undefined, person = ann) {
  const { run_id: run = '', call_id = '' } = line?.tool_call ?? {}
  const request = new Request('http://127.0.0.1:3999/api/tool-calls/x/y', { headers: person.headers })
  const response = await readCall(request, { params: Promise.resolve({ run, call: call_id }) })
  return { status: response.status, body: await response.json() }
}

test('a line shows the tool’s title, without anything hidden in it, and how far the tool is', async () => {
  const run: TestTool['run'] = async (_args, _request, report) => {
    await report(5, 6, 'copying')
    return 'done'
  }
  const { lines } = await call({ name: 'copy', title: `Copy\u202e files\n${'x'.repeat(200)}`, run })
  const title = lines.at(-1)?.title ?? ''
  expect(title).toMatch(/^Copy⟦U\+202E⟧ files x{50,}$/)
  expect(title.length).toBeLessThanOrEqual(80)
  expect(lines.map((line) => line.title)).toContain(`${title} (5 of 6)`)
  expect(lines.find((line) => line.title?.endsWith('(5 of 6)'))?.content).toContain('5 of 6: copying')
  expect(lines.at(-1)?.status_indicator).toBe('complete')
})

test('a tool without a title is called by its name', async () => {
  const { lines } = await call({ name: 'copy', run: () => 'done' })
  expect(lines.at(-1)?.title).toBe('copy')
})

test('a line opens to request, response, server and times, also after a reload, without secrets', async () => {
  const secret = 'hunter2-is-my-password'
  const tool: TestTool = { name: 'find', title: 'Find', run: () => `Ann\u202e of ${'x'.repeat(40_000)}` }
  const { thread } = await call(tool, `/find {"name": "Ann", "password": "${secret}"}`)
  const [line] = (await agentDoor(ann).read(thread)).flatMap(tasksOf)
  const { status, body } = await details(line)
  expect(status).toBe(200)
  expect(body).toMatchObject({ tool: 'find', status: 'succeeded', server: expect.any(String) })
  expect(body.started_at).toMatch(/^\d{4}-/)
  expect(body.duration_ms).toEqual(expect.any(Number))
  expect(body.request.text).toContain('"name": "Ann"')
  expect(JSON.stringify(body)).not.toContain(secret)
  expect(body.response).toMatchObject({ is_shortened: true })
  expect(body.response.bytes).toBeGreaterThan(40_000)
  expect(body.response.text).toContain('⟦U+202E⟧')
  const [row] = (await listToolCalls({ caller: ann.caller })).data
  expect(body.href).toBe(`/activity/${row?.id}`)
  expect((await details(line, await signedIn({ role: 'admin' }))).status).toBe(404)
})

test('an admin’s own line leads to the ledger', async () => {
  const admin = await signedIn({ role: 'admin' })
  const { lines } = await call({ name: 'find', run: () => 'Ann' }, '/find', admin)
  const { body } = await details(lines.at(-1), admin)
  expect(body.href).toMatch(/^\/admin\/tool-calls\/call_/)
  expect(body.response).toMatchObject({ text: 'Ann', is_shortened: false })
})

test('a failed call opens to its failure, and one that was never made to nothing', async () => {
  const { lines } = await call({
    name: 'break_it',
    run: () => {
      throw new Error('The printer is on fire.')
    },
  })
  const failed = lines.at(-1)
  expect(failed?.icon).toBe('lucide:circle-alert')
  expect((await details(failed)).body.response.text).toContain('The printer is on fire.')
  await using model = await openAIServer({ calls: [{ name: 'no_such_tool', arguments: {} }] }, { text: 'Sorry.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' })
  const turn = await agentDoor(ann).begin('go')
  const line = linesOf(turn.events).at(-1)
  expect(line?.title).toBe('no_such_tool')
  expect(line).not.toHaveProperty('tool_call')
})
