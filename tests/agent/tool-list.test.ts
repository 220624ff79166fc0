import { expect, test } from 'vitest'
import { GET } from '#app/api/me/tools/route.ts'
import { listCompletions } from '#app/chat/tool-commands.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

const ask = (headers: Record<string, string> = {}) =>
  GET(new Request('http://127.0.0.1:3999/api/me/tools', { headers }))

test('a signed-in person gets the tools they can call with their parameters; a visitor gets a 401', async () => {
  await using server = await mcpServer([{ name: 'my_tool', run: () => 'yes' }])
  withSettings({ MCP_SERVER_URL: server.url })
  const { headers } = await signedIn()
  const { tools } = await (await ask(headers)).json()
  const add = tools.find(({ name }: { name: string }) => name === 'add_task')
  expect(add.parameters.find(({ name }: { name: string }) => name === 'title')).toMatchObject({
    required: true,
    type: 'string',
  })
  expect(add.description).toMatch(/\.$/)
  expect(tools.map(({ name }: { name: string }) => name)).toContain('my_tool')
  expect((await ask()).status).toBe(401)
})

const TOOLS = [
  {
    name: 'add_task',
    server: 'switchboard',
    description: 'Adds a task.',
    parameters: [
      { name: 'due', required: false, type: 'string' },
      { name: 'title', required: true, type: 'string', description: 'What is to be done.' },
    ],
  },
  {
    name: 'list_tasks',
    server: 'switchboard',
    description: 'Lists them.',
    parameters: [{ name: 'done', required: false }],
  },
  { name: 'whoami', server: 'other', description: '', parameters: [] },
]
const labels = (query: string) => listCompletions(TOOLS, query).map(({ label }) => label)

test.each([
  ['', ['/add_task', '/list_tasks', '/whoami']],
  ['task', ['/add_task', '/list_tasks']],
  ['LIST', ['/list_tasks']],
  ['add_task', ['/add_task']],
  ['add_task ', ['title=']],
  ['add_task d', ['due=']],
  ['add_task title=milk', []],
  ['add_task title=milk ', []],
  ['add_task title=milk d', ['due=']],
  ['add_task title="several ti', []],
  ['add_task title="due= x" d', ['due=']],
  ['whoami', []],
  ['nothing like it', []],
])('the completions after /%s are %j', (query, expected) => {
  expect(labels(query)).toEqual(expected)
})

test('a completion shows a tool’s parameters and inserts the next required one', () => {
  expect(listCompletions(TOOLS, 'add')[0]).toMatchObject({
    id: '/add_task title=',
    description: '[due=…] title=… · Adds a task.',
    group: 'switchboard',
  })
  expect(listCompletions(TOOLS, 'list')[0]?.id).toBe('/list_tasks ')
  expect(listCompletions(TOOLS, 'add_task t')[0]).toMatchObject({
    id: '/add_task title=',
    description: 'needed · string · What is to be done.',
  })
})
