import { afterAll, beforeAll, expect, test } from 'vitest'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { toLocalTime, toWallClock } from '#mcp/fields/local-time.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve(handleMcp)
})
afterAll(() => server.close())

async function newPerson(timeZone?: string) {
  const { caller } = await signedIn(timeZone ? { timeZone } : {})
  return { caller, ...mcpCaller(`${server.url}/mcp`, await personalToken(caller)) }
}

type Listed = {
  tasks: { number: number; title: string }[]
  notes: { title: string; snippet: string }[]
  next_cursor?: string
}

test('times are in the person’s time zone, in winter and summer', () => {
  const winter = new Date('2026-11-27T14:00:00Z')
  expect(toLocalTime(winter, 'Europe/Berlin')).toBe('2026-11-27T15:00:00+01:00')
  expect(toLocalTime(new Date('2026-07-01T23:30:00Z'), 'Europe/Berlin')).toBe('2026-07-02T01:30:00+02:00')
  expect(toLocalTime(winter, 'Asia/Kolkata')).toBe('2026-11-27T19:30:00+05:30')
  expect(toLocalTime(winter, 'UTC')).toBe('2026-11-27T14:00:00+00:00')
})

test('due dates are local time, and one with an offset is converted', () => {
  const due = (text: string) => toWallClock(text, 'Europe/Berlin')
  expect(due('2026-11-27')).toBe('2026-11-27')
  expect(due(' 2026-11-27T15:00 ')).toBe('2026-11-27T15:00')
  expect(due('2026-11-27 09:05:59')).toBe('2026-11-27T09:05')
  expect(due('2026-11-27T15:00Z')).toBe('2026-11-27T16:00')
  expect(due('2026-11-27T23:30:00.000-05:00')).toBe('2026-11-28T05:30')
  expect(due('2024-02-29')).toBe('2024-02-29')
  for (const wrong of [
    '',
    'tomorrow',
    '2026-13-01',
    '2026-02-29',
    '2026-11-27T24:00',
    '2026-11-27T10:60',
    '0001-01-01',
    '2026-11-27T10:00+99:00',
    '27.11.2026',
  ])
    expect(() => due(wrong), wrong).toThrow(/no date/)
})

test('a person without a time zone is on UTC, and whoami says so', async () => {
  const { get } = await newPerson()
  expect(await get('whoami')).toMatchObject({ time_zone: 'UTC', now: expect.stringMatching(/\+00:00$/) })
  const { get: berlin } = await newPerson('Europe/Berlin')
  expect(await berlin('add_task', { title: 'call', due: '2026-07-01T10:00Z' })).toMatchObject({
    due: '2026-07-01T12:00',
  })
})

test('tasks can be completed, reopened, and lose their due date only by null', async () => {
  const { get } = await newPerson()
  await get('add_task', { title: '  buy \n milk\u0000 ', due: '2026-11-27' })
  const first = await get('complete_task', { number: 1 })
  expect(first).toMatchObject({ title: 'buy milk', done: true, due: '2026-11-27' })
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(await get('complete_task', { number: 1 })).toEqual(first)
  expect(await get('update_task', { number: 1, done: false })).toMatchObject({
    done: false,
    completed_at: null,
    due: '2026-11-27',
  })
  expect(await get('update_task', { number: 1, due: null })).toMatchObject({ due: null, title: 'buy milk' })
  expect(await get('update_task', { number: 1, done: true, due: '2026-12-01T08:00' })).toMatchObject({
    due: '2026-12-01T08:00',
    done: true,
  })
})

test('tasks are listed by due date, filtered, and paged without gaps or repeats', async () => {
  const { get } = await newPerson()
  const due = [undefined, '2026-12-02', '2026-11-27T15:00', '2026-11-27', undefined, '2026-11-28T00:00', '2026-11-27']
  for (const [index, day] of due.entries())
    await get('add_task', { title: `Task ${index + 1} 100%_`, ...(day && { due: day }) })
  const numbers = async (args: object) =>
    ((await get('list_tasks', args)) as unknown as Listed).tasks.map((task) => task.number)
  expect(await numbers({})).toEqual([4, 7, 3, 6, 2, 1, 5])
  expect(await numbers({ due_from: '2026-11-27', due_to: '2026-11-27' })).toEqual([4, 7, 3])
  expect(await numbers({ due_from: '2026-11-28' })).toEqual([6, 2])
  expect(await numbers({ text: 'task 3' })).toEqual([3])
  expect(await numbers({ text: '100%_' })).toHaveLength(7)
  expect(await numbers({ text: '1_0' })).toEqual([])

  const walk = async (args: object) => {
    const pages: number[][] = []
    for (let cursor: string | undefined; pages.length < 10; ) {
      const page = (await get('list_tasks', { ...args, limit: 2, ...(cursor && { cursor }) })) as unknown as Listed
      pages.push(page.tasks.map((task) => task.number))
      cursor = page.next_cursor
      if (!cursor) break
    }
    return pages
  }
  expect(await walk({ status: 'all' })).toEqual([[4, 7], [3, 6], [2, 1], [5]])
  for (const number of [2, 5, 3]) await get('complete_task', { number })
  expect(await walk({ status: 'done' })).toEqual([[3, 5], [2]])
  expect(await walk({ status: 'open' })).toEqual([
    [4, 7],
    [6, 1],
  ])
})

test('search ranks titles first, understands quotes, "or" and minus, and pages', async () => {
  const { get } = await newPerson()
  await get('save_note', {
    title: 'Groceries',
    body: 'The door was open. Buy milk, eggs and a new bicycle light for the winter.',
  })
  await get('save_note', { title: 'Door code', body: 'Office: 4711' })
  await get('save_note', { title: 'Keys', body: 'Running late? The code of the garage door is 0815.' })
  const titles = async (query: string) =>
    ((await get('search_notes', { query })) as unknown as Listed).notes.map((note) => note.title)
  expect((await titles('door'))[0]).toBe('Door code')
  expect((await titles('door')).toSorted()).toEqual(['Door code', 'Groceries', 'Keys'])
  expect(await titles('door code')).toEqual(['Door code', 'Keys'])
  expect(await titles('"garage door"')).toEqual(['Keys'])
  expect(await titles('door -garage -milk')).toEqual(['Door code'])
  expect((await titles('garage or milk')).toSorted()).toEqual(['Groceries', 'Keys'])
  expect(await titles('runs')).toEqual(['Keys'])
  expect((await titles('the')).toSorted(), 'words that are in every text are words').toEqual(['Groceries', 'Keys'])
  for (const odd of ['&|!():*', "'); DROP TABLE notes; --", '"', 'a <-> b', '\\'.repeat(50)])
    expect(await titles(odd)).toEqual([])
  const newest = (await get('search_notes', { limit: 2 })) as unknown as Listed
  expect(newest.notes.map((note) => note.title)).toEqual(['Keys', 'Door code'])
  const rest = (await get('search_notes', { limit: 2, cursor: newest.next_cursor })) as unknown as Listed
  expect(rest.notes.map((note) => note.title)).toEqual(['Groceries'])
  expect(rest.next_cursor).toBeUndefined()
})

test('snippets show the match, contain no markup, and a note cannot forge the highlight marks', async () => {
  const { get } = await newPerson()
  const filler = 'lorem ipsum dolor sit amet '.repeat(40)
  await get('save_note', { title: 'A', body: `${filler}the vault code is 4711\n\n${filler}` })
  await get('save_note', {
    title: 'B',
    body: '<script>alert(1)</script> vault <img src=x onerror=alert(1)> \uE000forged\uE001',
  })
  await get('save_note', { title: 'C', body: `vault${'x'.repeat(5_000)} vault` })
  const { notes } = (await get('search_notes', { query: 'vault' })) as unknown as Listed
  const snippet = (title: string) => notes.find((note) => note.title === title)?.snippet ?? ''
  expect(snippet('A')).toMatch(/^… .*the \*\*vault\*\* code is 4711 lorem .* …$/)
  expect(snippet('A').length).toBeLessThan(340)
  expect(snippet('B')).not.toMatch(/[<>\uE000\uE001]/)
  expect(snippet('B')).toMatch(/\*\*vault\*\*.* forged$/)
  for (const { snippet } of notes) expect(snippet.split('**').length % 2, snippet).toBe(1)
})

test('a note takes its first line as title, can be changed in part, and can be emptied', async () => {
  const { get, fail } = await newPerson()
  const { id, title } = await get('save_note', { body: '\n  The door code is 4711  \nsecond line' })
  expect(title).toBe('The door code is 4711')
  expect(await get('save_note', { id, title: 'Door' })).toMatchObject({ id, title: 'Door' })
  expect(await get('get_note', { id })).toMatchObject({
    title: 'Door',
    body: '\n  The door code is 4711  \nsecond line',
  })
  await get('save_note', { id, body: '' })
  expect(await get('get_note', { id })).toMatchObject({ title: 'Door', body: '' })
  expect((await get('save_note', { body: 'long '.repeat(100) })).title).toBe(`${'long '.repeat(15)}long…`)
  expect(await get('save_note', { title: 'nul', body: 'a\u0000b' })).toBeTruthy()
  expect(await fail('save_note', { id: 'note_x', body: 'b' })).toBe(
    'No note has the id "note_x"; call search_notes to find it.',
  )
})

test('a person can have at most 10,000 tasks and 10,000 notes', async () => {
  const { caller, fail, get } = await newPerson()
  await withCaller(caller, async (tx) => {
    await tx.$executeRaw`INSERT INTO tasks (owner_id, number, title) SELECT ${caller.userId}, n, 'task' FROM generate_series(1, 10000) n`
    await tx.$executeRaw`INSERT INTO notes (id, owner_id, title, body) SELECT ${caller.userId} || n, ${caller.userId}, 'note', '' FROM generate_series(1, 10000) n`
    await tx.$executeRaw`UPDATE users SET next_task_number = 10001 WHERE id = ${caller.userId}`
  })
  expect(await fail('add_task', { title: 'one more' })).toMatch(/10000 tasks.*Delete some/)
  expect(await fail('save_note', { title: 'one more' })).toMatch(/10000 notes.*Delete some/)
  await get('delete_task', { number: 1 })
  expect(await get('add_task', { title: 'one more' })).toMatchObject({ number: 10_001 })
})
