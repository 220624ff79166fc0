import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolset } from '#mcp/toolset.ts'
import { makeFirstAccount, makePersonalToken } from '#scripts/local/first-visit.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// The production build as other programs meet it: the clients of both SDKs and the command line of
// MCP Inspector.

const NAMES = toolset.map((tool) => tool.name)
const run = promisify(execFile)

let app: AppServer
let token: string
beforeAll(async () => {
  app = await startApp()
  token = await makePersonalToken(await makeFirstAccount(app.url, app.logs))
}, BUILD_MS)
afterAll(() => app?.stop(), 60_000)

const requestInit = () => ({ headers: { authorization: `Bearer ${token}` } })

test.each([{ mode: { pin: '2026-07-28' } }, { mode: 'legacy' as const }, { mode: 'auto' as const }])(
  'the v2 client works, $mode',
  async ({ mode }) => {
    const client = new Client({ name: 'interop', version: '1' }, { versionNegotiation: { mode } })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), { requestInit: requestInit() }))
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(NAMES)
    const added = await client.callTool({ name: 'add_task', arguments: { title: 'by the v2 client' } })
    expect(added.structuredContent).toMatchObject({ title: 'by the v2 client' })
    expect((await client.listPrompts()).prompts).toHaveLength(3)
    expect((await client.listResources()).resources).toEqual([])
    await client.close()
  },
)

test.each([{ capabilities: {} }, { capabilities: { elicitation: {}, sampling: {} } }])(
  'the v1 client works, $capabilities',
  async ({ capabilities }) => {
    const client = new OldClient({ name: 'interop', version: '1' }, { capabilities })
    await client.connect(new OldTransport(new URL(`${app.url}/mcp`), { requestInit: requestInit() }))
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(NAMES)
    expect((await client.callTool({ name: 'whoami', arguments: {} })).structuredContent).toMatchObject({
      email: 'first@example.com',
    })
    await client.close()
  },
)

test('the command line of MCP Inspector lists and calls', async () => {
  const inspect = async (...args: string[]) => {
    const common = [`${app.url}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${token}`]
    // It looks for its own package.json in the current folder.
    const cwd = 'node_modules/@modelcontextprotocol/inspector-cli/build'
    const { stdout } = await run(process.execPath, ['cli.js', '--cli', ...common, ...args], { cwd, timeout: 30_000 })
    return JSON.parse(stdout)
  }
  expect((await inspect('--method', 'tools/list')).tools.map((tool: { name: string }) => tool.name)).toEqual(NAMES)
  const call = ['--method', 'tools/call', '--tool-name', 'add_task', '--tool-arg', 'title=by the inspector']
  expect((await inspect(...call)).structuredContent).toMatchObject({ title: 'by the inspector' })
  expect((await inspect('--method', 'resources/templates/list')).resourceTemplates).toMatchObject([
    { uriTemplate: 'note://{id}' },
  ])
})
