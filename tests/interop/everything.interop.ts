import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { isFilesCard } from '#lib/agent/cards/files-card.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { lookAtDueTasks } from '#lib/agent/tasks/look-at-tasks.ts'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { answerHeldQuestion } from '#lib/data/runs/questions/questions.ts'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import { completeValue } from '#lib/mcp-client/offers/complete-value.ts'
import { getPrompt } from '#lib/mcp-client/offers/get-prompt.ts'
import { listOffers } from '#lib/mcp-client/offers/list-offers.ts'
import { readResource } from '#lib/mcp-client/offers/read-resource.ts'
import { searchResources } from '#lib/mcp-client/offers/search-resources.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { TASK_PATIENCE } from '#lib/mcp-client/tasks/reach-task.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { seal } from '#lib/platform/crypto/seal.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { nodes } from '#tests/support/agent-door.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type Program, startProgram } from '#tests/support/processes/program.ts'
import { withSettings } from '#tests/support/settings.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'
import { toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// @modelcontextprotocol/server-everything over Streamable HTTP, with sessions, as its authors ship
// it.

let everything: Program
let ann: Caller
beforeAll(async () => {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}/mcp`
  const program = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'
  everything = await startProgram(process.execPath, [program, 'streamableHttp'], { url, env: { PORT: String(port) } })
}, 90_000)
afterAll(() => everything?.[Symbol.asyncDispose]())
beforeEach(async () => {
  ann = (await signedIn()).caller
  noteAnswer(everything.url)
})

/** Makes it the only server. */
function useAlone(): void {
  withSettings({ MCP_BUILTIN: 'off', MCP_SERVER_URL: everything.url })
}

/** One turn in which the model calls these tools, and what the model was told of their results. */
async function turn(...calls: NonNullable<Step['calls']>) {
  await using model = await openAIServer({ calls }, { text: 'Done.' })
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: everything.url },
  })
  await (await openInTime(ann)).close()
  const live: string[] = []
  const titles: string[] = []
  const cards: WidgetNode[] = []
  const said = await (await conversation(ann)).say('go', {
    onEvent: (event) => {
      if (event.type === 'thread.item.done' && isFilesCard(event.item)) cards.push((event.item as WidgetItem).widget)
      if (event.type !== 'thread.item.updated' || event.update.type !== 'workflow.task.updated') return
      const { task } = event.update
      if (task.status_indicator === 'loading' && 'content' in task) live.push(task.content ?? '')
      titles.push(task.title ?? '')
    },
  })
  expect(said.error).toBeUndefined()
  expect(said.text).toBe('Done.')
  const rows = await Promise.all(
    (await listToolCalls({ caller: ann })).data.map(({ id }) => findToolCall({ caller: ann }, id)),
  )
  const input = model.requests.at(-1)?.body.input as { type?: string; output?: unknown }[]
  const told = input.filter(({ type }) => type === 'function_call_output').map(({ output }) => JSON.stringify(output))
  return { live, titles, rows, nodes: cards.flatMap(nodes), told: told.join('\n') }
}

test('the doctor reports no fault', async () => {
  const { healthy, steps, spoken } = await examine(toolServer(everything.url), {
    call: { tool: 'get-sum', args: { a: 19, b: 23 } },
  })
  expect(steps.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  expect(healthy).toBe(true)
  expect(steps.at(-1)?.said).toContain('42')
  expect(spoken?.revision).toBe('2025-11-25')
})

test('its tools are offered with their annotations and schemas', async () => {
  const mcp = await openInTime(ann, [toolServer(everything.url)])
  const tools = (await mcp.connections[0]?.listTools()) ?? []
  await mcp.close()
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['echo', 'get_sum', 'trigger_long_running_operation']),
  )
  expect(tools.find(({ name }) => name === 'echo')?.annotations).toMatchObject({
    readOnlyHint: true,
    idempotentHint: true,
  })
  expect(tools.find(({ name }) => name === 'get_structured_content')?.outputSchema).toMatchObject({
    properties: { humidity: {} },
  })
})

test('two parallel calls are answered, and the ledger has their arguments and results', async () => {
  const { told, rows } = await turn(
    { name: 'echo', arguments: { message: 'hello there' } },
    { name: 'get_sum', arguments: { a: 19, b: 23 } },
  )
  expect(told).toContain('Echo: hello there')
  expect(told).toContain('The sum of 19 and 23 is 42.')
  expect(rows.map(({ tool, status }) => [tool, status]).sort()).toEqual([
    ['echo', 'succeeded'],
    ['get-sum', 'succeeded'],
  ])
  const sum = rows.find(({ tool }) => tool === 'get-sum')
  expect(sum?.arguments).toEqual({ a: 19, b: 23 })
  expect(JSON.stringify(sum?.result)).toContain('42')
})

test('progress of a long operation updates the live workflow line', async () => {
  const { live, titles, told } = await turn({
    name: 'trigger_long_running_operation',
    arguments: { duration: 1.5, steps: 3 },
  })
  expect(live.some((line) => /[12] of 3/.test(line))).toBe(true)
  expect(titles.some((title) => /^Trigger Long Running Operation.* \([12] of 3\)$/.test(title))).toBe(true)
  expect(told).toContain('Long running operation completed')
})

test('structured content, annotated messages, images and resource links reach the model or are named to it', async () => {
  const { told, rows } = await turn(
    { name: 'get_structured_content', arguments: { location: 'Chicago' } },
    { name: 'get_annotated_message', arguments: { messageType: 'success', includeImage: true } },
    { name: 'get_resource_links', arguments: { count: 2 } },
    { name: 'get_resource_reference', arguments: { resourceType: 'Text', resourceId: 1 } },
    { name: 'get_tiny_image', arguments: {} },
  )
  expect(rows.filter(({ status }) => status !== 'succeeded')).toEqual([])
  expect(told).toContain('Light rain / drizzle')
  expect(told).toContain('Operation completed successfully')
  expect(told).toContain('demo://resource/dynamic/')
  expect(told).toContain('image/png')
})

test('the person gets images, resources and resource links, and the ledger has no base64', async () => {
  const { nodes, rows } = await turn(
    { name: 'get_annotated_message', arguments: { messageType: 'success', includeImage: true } },
    { name: 'get_resource_links', arguments: { count: 2 } },
    { name: 'get_resource_reference', arguments: { resourceType: 'Text', resourceId: 1 } },
    { name: 'get_resource_reference', arguments: { resourceType: 'Blob', resourceId: 2 } },
    { name: 'get_tiny_image', arguments: {} },
  )
  const files = nodes.flatMap(({ file }) => (file ? [file as { name: string; mime_type: string }] : []))
  expect(files.map(({ mime_type }) => mime_type).sort()).toEqual(['image/png', 'image/png', 'text/plain', 'text/plain'])
  expect(files.map(({ name }) => name)).toContain('get-tiny-image.png')
  const links = nodes.flatMap(({ link }) => (link ? [link as { url: string; host?: string }] : []))
  expect(links.map(({ url, host }) => [url.startsWith('demo://'), host])).toEqual([
    [true, undefined],
    [true, undefined],
  ])
  expect(JSON.stringify(rows)).not.toMatch(/[A-Za-z0-9+/]{500}/)
})

test('its prompts are listed, completed and shown whole, with embedded resources quoted', async () => {
  const asker = { caller: ann }
  useAlone()
  const listed = await listOffers(asker)
  expect(listed.unavailable).toEqual([])
  const [{ server, offers } = { server: undefined, offers: undefined }] = listed.servers
  const name = server?.name ?? ''
  expect(offers?.prompts.map((prompt) => prompt.name)).toEqual(
    expect.arrayContaining(['simple-prompt', 'args-prompt', 'completable-prompt', 'resource-prompt']),
  )
  expect(offers?.completes).toBe(true)
  const completion = { server: name, of: { prompt: 'completable-prompt' }, argument: 'department', value: 'Eng' }
  expect(await completeValue(asker, completion)).toEqual(['Engineering'])
  const { text } = await getPrompt(asker, { server: name, prompt: 'args-prompt', arguments: { city: 'Bern' } }, 10_000)
  expect(text).toContain('Bern')
  const args = { resourceType: 'Text', resourceId: '1' }
  const quoted = await getPrompt(asker, { server: name, prompt: 'resource-prompt', arguments: args }, 10_000)
  expect(quoted.text).toMatch(/^> Resource demo:\/\/resource/m)
})

test('its resources and templates are found, completed and read', async () => {
  const asker = { caller: ann }
  useAlone()
  const { resources } = await searchResources(asker, '')
  expect(resources.length).toBeGreaterThan(0)
  const [first] = resources
  const read = await readResource(asker, { server: first?.server ?? '', uri: first?.uri ?? '' })
  expect(read.text?.length).toBeGreaterThan(0)
  const { servers } = await listOffers(asker)
  expect(servers[0]?.offers.templates.map(({ uriTemplate }) => uriTemplate).join(' ')).toContain(
    'demo://resource/dynamic/',
  )
  const text = await readResource(asker, { server: first?.server ?? '', uri: 'demo://resource/dynamic/text/1' })
  expect(text.text).toContain('Resource 1')
})

test('wrong arguments are reported to the model as bad_arguments', async () => {
  const { told, rows } = await turn({ name: 'get_sum', arguments: { a: 'nineteen' } })
  expect(told).toMatch(/The call failed\..*\(bad_arguments\)/)
  expect(rows).toMatchObject([{ status: 'failed', failureClass: 'bad_arguments' }])
})

/** A turn whose one call goes on as a task, looked after until the thread says something. */
async function taskTurn(args: object, answer?: (thread: string) => Promise<void>) {
  TASK_PATIENCE.begun = 500
  await using model = await openAIServer(
    { calls: [{ name: 'simulate_research_query', arguments: args, id: 'c1' }] },
    { text: 'Done.' },
  )
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVER_URL: everything.url },
  })
  await (await openInTime(ann)).close()
  const { say, items, thread } = await conversation(ann)
  expect((await say('research it')).waits).toBe(true)
  const takeUp = makeTakeUp({ respond: runTurn, act: handleAction })
  const said = new Set<string | null>()
  const answering = answer?.(thread.id)
  await expect
    .poll(
      async () => {
        await lookAtDueTasks(takeUp)
        for (const row of await withCaller(ann, (tx) => tx.serverTask.findMany())) said.add(row.said)
        return (await items()).some(({ type }) => type === 'assistant_message')
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(true)
  await answering
  return {
    said: [...said],
    told: JSON.stringify(model.requests.at(-1)?.body),
    rows: (await listToolCalls({ caller: ann })).data,
  }
}

test('a tool that runs only as a task is parked, and its result is answered later', async () => {
  const { said, told, rows } = await taskTurn({ topic: 'snakes' })
  expect(said.filter((one) => one?.endsWith('...')).length).toBeGreaterThan(0)
  expect(told).toContain('Research Report: snakes')
  expect(rows).toMatchObject([{ tool: 'simulate-research-query', status: 'succeeded' }])
})

test('what the task asks is put to its person, and changes its result', async () => {
  const { told, rows } = await taskTurn({ topic: 'python', ambiguous: true }, async (threadId) => {
    const questions = () => withCaller(ann, (tx) => tx.question.findMany())
    await expect.poll(async () => (await questions()).length, { timeout: 30_000 }).toBe(1)
    const [question] = await questions()
    const stored = { status: 'accepted', kept: undefined, sealed: await seal(ANSWER, 'answers to servers') } as const
    expect(question?.threadId).toBe(threadId)
    expect(await answerHeldQuestion(ann, question?.id ?? '', stored)).toBe(true)
  })
  expect(told).toContain('python (snake)')
  expect(rows).toMatchObject([{ status: 'succeeded' }])
})

const ANSWER = JSON.stringify({ action: 'accept', content: { interpretation: 'snake' } })
