import { afterAll, beforeAll, expect, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withDatabasePatience } from '#lib/platform/db/retry.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  // With 1,000 calls at once, a call may wait longer for a database connection than a person would.
  server = await serve((request) => withDatabasePatience(60_000, () => handleMcp(request)))
})
afterAll(() => server.close())

async function newPerson() {
  const { caller } = await signedIn()
  return { caller, ...mcpCaller(`${server.url}/mcp`, await personalToken(caller)) }
}

test('another person’s tasks and notes get the same answers as missing ones, to the letter', async () => {
  const ann = await newPerson()
  const bob = await newPerson()
  for (const title of ['one', 'two', 'three']) await ann.get('add_task', { title })
  const { id } = await ann.get('save_note', { title: 'Secret', body: 'the vault code' })
  const missing = 'note_00000000000000000000000000'

  expect(await bob.get('list_tasks', { status: 'all' })).toEqual({ tasks: [] })
  expect(await bob.get('search_notes')).toEqual({ notes: [] })
  expect(await bob.get('search_notes', { query: 'vault' })).toEqual({ notes: [] })
  for (const [tool, change] of [
    ['update_task', { title: 'mine' }],
    ['update_task', { done: false }],
    ['complete_task', {}],
    ['delete_task', {}],
  ] as const)
    expect(await bob.fail(tool, { number: 3, ...change })).toBe(
      (await bob.fail(tool, { number: 9, ...change })).replace('9', '3'),
    )
  for (const [tool, change] of [
    ['get_note', {}],
    ['save_note', { body: 'mine' }],
    ['delete_note', {}],
  ] as const)
    expect(await bob.fail(tool, { id, ...change })).toBe(
      (await bob.fail(tool, { id: missing, ...change })).replace(missing, String(id)),
    )

  expect((await ann.get('list_tasks')).tasks).toMatchObject([{ title: 'one' }, { title: 'two' }, { title: 'three' }])
  expect(await ann.get('get_note', { id })).toMatchObject({ title: 'Secret', body: 'the vault code' })
})

test('an argument named user_id or owner_id has no effect, and the model is told that it was ignored', async () => {
  const ann = await newPerson()
  const bob = await newPerson()
  const theirs = { user_id: ann.caller.userId, owner_id: ann.caller.userId, ownerId: ann.caller.userId }
  const added = await bob.call('add_task', { title: 'whose?', ...theirs })
  expect(added.content[1]?.text).toBe('Ignored, because the tool has no such argument: user_id, owner_id, ownerId.')
  expect(await bob.get('whoami', theirs)).toMatchObject({ email: `${bob.caller.userId}@example.com` })
  expect((await bob.get('list_tasks', theirs)).tasks).toHaveLength(1)
  expect(await ann.get('list_tasks')).toEqual({ tasks: [] })
})

type Ask = { tool: string; args?: object }
const asks = (index: number): Ask[] => [
  { tool: 'whoami' },
  { tool: 'list_tasks' },
  { tool: 'search_notes', args: { query: 'same words' } },
  { tool: 'add_task', args: { title: `more of ${index}` } },
]

test('1,000 concurrent calls of 20 people with the same JSON-RPC ids each get their own answer', async () => {
  const people = await Promise.all(Array.from({ length: 20 }, () => newPerson()))
  await Promise.all(
    people.map((person, index) =>
      Promise.all([
        person.get('add_task', { title: `task of ${index}` }),
        person.get('save_note', { title: `note of ${index}`, body: 'same words' }),
      ]),
    ),
  )
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, turn) => {
      const index = turn % people.length
      const person = people[index] as (typeof people)[number]
      const { tool, args = {} } = asks(index)[Math.floor(turn / people.length) % 4] as Ask
      const id = 1 + (turn % 3)
      const answer = await person.send('tools/call', { name: tool, arguments: args }, id)
      return { index, id, answer, owner: person.caller.userId, text: JSON.stringify(answer) }
    }),
  )
  for (const { index, id, answer, owner, text } of answers) {
    expect(answer).toMatchObject({ id, result: { structuredContent: {} } })
    expect(text).toMatch(new RegExp(`of ${index}"|${owner}`))
    expect(text).not.toMatch(new RegExp(`of (?!${index}")\\d+"`))
  }
  for (const { caller } of people) {
    const { data } = await listToolCalls({ caller }, { limit: 200 })
    expect(data.filter((row) => row.status === 'succeeded')).toHaveLength(52)
    expect(data.every((row) => row.ownerId === caller.userId)).toBe(true)
  }
}, 120_000)

test('50 tasks added at once get the numbers 1 to 50, and a deleted number is not reused', async () => {
  const ann = await newPerson()
  const added = await Promise.all(
    Array.from({ length: 50 }, (_, index) => ann.get('add_task', { title: `task ${index}` })),
  )
  expect(added.map((task) => Number(task.number)).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  await ann.get('delete_task', { number: 50 })
  expect(await ann.get('add_task', { title: 'next' })).toMatchObject({ number: 51 })
})
