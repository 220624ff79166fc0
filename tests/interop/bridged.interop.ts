import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import { agentDoor, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'
import { stdioBridge } from '#tests/support/tool-servers/stdio-bridge.ts'
import { toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// @modelcontextprotocol/server-filesystem and server-memory, which speak stdio, behind a bridge.

const programOf = (name: string) => `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`

let ann: Awaited<ReturnType<typeof signedIn>>
let folder: string
beforeEach(async () => {
  ann = await signedIn()
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-bridged-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

/** A conversation whose model takes these steps, with this server alone. */
async function talk(url: string, ...steps: Step[]) {
  const model = await openAIServer(...steps)
  onTestFinished(() => model[Symbol.asyncDispose]())
  const settings = { OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' }
  withSettings({ ...settings, MCP_BUILTIN: 'off', MCP_SERVER_URL: url, THREAD_TITLES: 'first_words' })
  await (await openInTime(ann.caller)).close()
  return { model, ...(await agentDoor(ann).begin('go')) }
}

const rows = async () => (await listToolCalls({ caller: ann.caller })).data.reverse()
const card = (events: ThreadStreamEvent[]) => widgets(events)[0]

test('the file server is healthy; a file is read, and one outside its folder is refused', async () => {
  await writeFile(path.join(folder, 'plan.txt'), 'Buy milk.')
  await using bridge = await stdioBridge([programOf('filesystem'), folder])
  const { healthy, steps } = await examine(toolServer(bridge.url))
  expect(steps.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  expect(healthy).toBe(true)
  const calls = [
    { name: 'read_text_file', arguments: { path: path.join(folder, 'plan.txt') } },
    { name: 'read_text_file', arguments: { path: '/etc/passwd' } },
  ]
  const { model, events } = await talk(bridge.url, { calls }, { text: 'There it is.' })
  expect(said(events)).toBe('There it is.')
  const told = JSON.stringify(model.requests.at(-1)?.body.input)
  expect(told).toContain('Buy milk.')
  expect(told).toContain('Access denied')
  expect(told).not.toContain('root:')
  expect((await rows()).map(({ status }) => status).sort()).toEqual(['failed', 'succeeded'])
})

test('a file is written once, after the approval that its annotation asks for', async () => {
  await using bridge = await stdioBridge([programOf('filesystem'), folder])
  const file = path.join(folder, 'new.txt')
  const calls = [{ name: 'write_file', arguments: { path: file, content: 'Written.' } }]
  const begun = await talk(bridge.url, { calls }, { text: 'Done.' })
  await expect(readFile(file, 'utf8')).rejects.toThrow(/ENOENT/)
  const asked = card(begun.events)
  expect(asked).toBeDefined()
  if (asked) await agentDoor(ann).press(threadOf(begun), asked, 'Approve')
  expect(await readFile(file, 'utf8')).toBe('Written.')
  expect((await rows()).map(({ tool, status }) => [tool, status])).toEqual([['write_file', 'succeeded']])
})

test('the memory server keeps what it is told, from one session to the next', async () => {
  await using bridge = await stdioBridge([programOf('memory')], { MEMORY_FILE_PATH: path.join(folder, 'memory.jsonl') })
  const entities = [{ name: 'Lee', entityType: 'person', observations: ['likes tea'] }]
  const first = await talk(
    bridge.url,
    { calls: [{ name: 'create_entities', arguments: { entities } }] },
    { text: 'Kept.' },
  )
  const asked = card(first.events)
  if (asked) await agentDoor(ann).press(threadOf(first), asked, 'Approve')
  first.model.script({ calls: [{ name: 'search_nodes', arguments: { query: 'tea' } }] }, { text: 'Lee does.' })
  const { events } = await agentDoor(ann).say(threadOf(first), 'who likes tea?')
  expect(said(events)).toBe('Lee does.')
  expect(JSON.stringify(first.model.requests.at(-1)?.body.input)).toContain('likes tea')
})
