import { expect, onTestFinished, test, vi } from 'vitest'
import * as one from '#app/api/me/conversations/[id]/route.ts'
import { GET as changes } from '#app/api/me/conversations/changes/route.ts'
import { GET as list } from '#app/api/me/conversations/route.ts'
import { POST as search } from '#app/api/me/search/route.ts'
import { deleteForGood } from '#lib/data/chat/deleted-conversations.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { notify } from '#lib/platform/db/notify.ts'
import { door, message, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'

// The list of conversations and their search, at the routes that the pages ask.

type Row = { id: string; title: string | null; is_pinned: boolean; state: string | null }
type Page = { data: Row[]; pinned: Row[]; has_more: boolean; after?: string }

const ORIGIN = 'http://127.0.0.1:3999'

/** A person with a browser. `answer` is what the assistant says to everything. */
async function newPerson(answer = 'Hello.') {
  const person = await signedIn()
  const chat = door(person, (turn) => message(turn, [answer]))
  const request = (path: string, method = 'GET', body?: unknown) =>
    new Request(`${ORIGIN}/api/me/${path}`, {
      method,
      headers: { ...person.headers, origin: ORIGIN, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const at = (id: string) => ({ params: Promise.resolve({ id }) })
  return {
    ...person,
    chat,
    request,
    begin: async (text: string) => threadOf(await chat({ type: 'threads.create', params: { input: typed(text) } })),
    say: (thread_id: string, text: string) =>
      chat({ type: 'threads.add_user_message', params: { thread_id, input: typed(text) } }),
    list: async (query = '') => (await (await list(request(`conversations?${query}`))).json()) as Page,
    titles: async (query = '') =>
      ((await (await list(request(`conversations?${query}`))).json()) as Page).data.map(({ title }) => title),
    change: (id: string, body: object) => one.PATCH(request(`conversations/${id}`, 'PATCH', body), at(id)),
    find: (id: string) => one.GET(request(`conversations/${id}`), at(id)),
    search: async (query: string) => {
      const response = await search(request('search', 'POST', { query }))
      return { status: response.status, ...(await response.json()) }
    },
  }
}

/** Moves the last use of a conversation into the past, so that the order does not hang on one ms. */
const age = (caller: { userId: string }, id: string, hours: number) =>
  withCaller(caller, (tx) =>
    tx.thread.update({ where: { id }, data: { updatedAt: new Date(Date.now() - hours * 3_600_000) } }),
  )

async function withFive() {
  const ann = await newPerson()
  const ids: string[] = []
  for (const [at, name] of ['one', 'two', 'three', 'four', 'five'].entries()) {
    const id = await ann.begin(name)
    ids.push(id)
    await age(ann.caller, id, 10 - at)
  }
  return { ...ann, ids: ids as [string, string, string, string, string] }
}

test('conversations come by last use: a message moves one up, a rename or a pin does not', async () => {
  const ann = await withFive()
  const [first, second, third] = ann.ids
  expect(await ann.titles()).toEqual(['five', 'four', 'three', 'two', 'one'])
  await ann.say(second, 'again')
  await ann.chat({ type: 'threads.update', params: { thread_id: first, title: 'ONE' } })
  await ann.change(third, { is_pinned: true })
  await ann.change(third, { is_pinned: false })
  expect(await ann.titles()).toEqual(['two', 'five', 'four', 'three', 'ONE'])
  // ChatKit's own list is ordered as before.
  const { data } = await ann.chat({ type: 'threads.list', params: { limit: 10 } })
  expect((data.data as Row[]).map(({ title }) => title)).toEqual(['five', 'four', 'three', 'two', 'ONE'])
})

test('pages neither repeat nor lose a conversation while others move to the top', async () => {
  const ann = await withFive()
  const first = await ann.list('limit=2')
  expect(first.data.map(({ title }) => title)).toEqual(['five', 'four'])
  await ann.say(ann.ids[4], 'again')
  await ann.say(ann.ids[0], 'again')
  const second = await ann.list(`limit=2&after=${first.after}`)
  const third = await ann.list(`limit=2&after=${second.after ?? ''}`)
  expect(second.data.map(({ title }) => title)).toEqual(['three', 'two'])
  expect([second.has_more, third.data.length]).toEqual([false, 0])
  for (const after of [
    'no-cursor',
    'W10',
    '%00',
    encodeURIComponent('WyIyMDI2LTExLTI5VDAwOjAwOjAwLjAwMFoiLCJcdTAwMDAiXQ'),
  ])
    expect((await ann.list(`after=${after}`)).data, after).toEqual([])
})

test('pinned conversations are apart and first, archived ones are out of the way until they are used', async () => {
  const ann = await withFive()
  const [one, two] = ann.ids
  await ann.change(one, { is_pinned: true })
  await ann.change(two, { is_archived: true })
  const shown = await ann.list()
  expect(shown.pinned).toMatchObject([{ id: one, is_pinned: true }])
  expect(shown.data.map(({ title }) => title)).toEqual(['five', 'four', 'three'])
  expect((await ann.list(`after=${(await ann.list('limit=1')).after}`)).pinned).toEqual([])
  expect(await ann.titles('archived')).toEqual(['two'])
  await ann.change(one, { is_archived: true })
  expect((await ann.list()).pinned).toEqual([])
  await ann.say(two, 'back')
  expect(await ann.titles()).toEqual(['two', 'five', 'four', 'three'])
  await ann.change(one, { is_archived: false })
  expect(await ann.titles()).toContain('one')
})

test('at most 50 conversations are pinned, also by two requests at once', async () => {
  const ann = await newPerson()
  const rows = Array.from({ length: 51 }, (_, at) => ({
    ...{ id: `thr_${ann.caller.userId}_${at}`, ownerId: ann.caller.userId, title: `t${at}` },
    pinnedAt: at < 49 ? new Date() : null,
  }))
  await withCaller(ann.caller, (tx) => tx.thread.createMany({ data: rows }))
  const answers = await Promise.all([49, 50].map((at) => ann.change(rows[at]?.id ?? '', { is_pinned: true })))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  expect((await ann.list()).pinned).toHaveLength(50)
})

test('a deletion is in force at once, can be undone for a while, and then happens without the page', async () => {
  const ann = await withFive()
  const [one, two] = ann.ids
  expect((await ann.change(one, { is_deleted: true })).status).toBe(200)
  expect(await ann.titles()).not.toContain('one')
  const gone = [
    ...['threads.get_by_id', 'threads.delete', 'threads.stop', 'items.list'],
    ...['threads.add_user_message', 'threads.attach'],
  ]
  for (const type of gone)
    expect((await ann.chat({ type, params: { thread_id: one, input: typed('x') } })).status, type).toBe(404)
  expect((await ann.find(one)).status).toBe(404)
  expect((await ann.change(one, { is_pinned: true })).status).toBe(404)
  expect((await ann.change(one, { is_deleted: true })).status).toBe(404)
  expect((await ann.search('one')).conversations).toEqual([])
  const { data } = await ann.chat({ type: 'threads.list', params: {} })
  expect((data.data as Row[]).map(({ title }) => title)).not.toContain('one')
  // Nothing is lost while it can be undone.
  expect(await deleteForGood()).toBe(0)
  expect((await ann.change(one, { is_deleted: false })).status).toBe(200)
  expect(await ann.titles()).toContain('one')
  const { data: items } = await ann.chat({ type: 'items.list', params: { thread_id: one } })
  expect(items.data).toHaveLength(2)
  // Later it cannot be undone, and goes by itself.
  await ann.change(two, { is_deleted: true })
  await withSystem('expiry', (tx) =>
    tx.thread.update({ where: { id: two }, data: { deletedAt: new Date(Date.now() - 16_000) } }),
  )
  expect((await ann.change(two, { is_deleted: false })).status).toBe(404)
  expect(await deleteForGood()).toBe(1)
  expect(await withCaller(ann.caller, (tx) => tx.threadItem.count({ where: { threadId: two } }))).toBe(0)
})

test('a deletion ends the run in the conversation; undone, it has what was said so far', async () => {
  const ann = await newPerson()
  const id = await ann.begin('start')
  const said = Promise.withResolvers<void>()
  const slow = door(ann, async function* (turn) {
    yield* message(turn, ['so far'])
    said.resolve()
    await new Promise((resolve) => turn.signal.addEventListener('abort', resolve))
    yield* message(turn, ['too late'])
  })
  const answering = slow({ type: 'threads.add_user_message', params: { thread_id: id, input: typed('slowly') } })
  await said.promise
  expect((await ann.list()).data).toMatchObject([{ id, state: 'running' }])
  await ann.change(id, { is_deleted: true })
  await answering
  await ann.change(id, { is_deleted: false })
  expect((await ann.list()).data).toMatchObject([{ id, state: null }])
  const { data } = await ann.chat({ type: 'items.list', params: { thread_id: id, order: 'asc' } })
  expect(JSON.stringify(data)).toContain('so far')
  expect(JSON.stringify(data)).not.toContain('too late')
})

test('an answer that ended is unseen until a page says that it is on the screen', async () => {
  const ann = await newPerson()
  const id = await ann.begin('start')
  expect((await ann.list()).data).toMatchObject([{ id, state: 'unseen' }])
  await ann.change(id, { is_seen: true })
  expect(await (await ann.find(id)).json()).toMatchObject({ id, title: 'start', state: null })
  await ann.say(id, 'again')
  expect((await ann.list()).data).toMatchObject([{ id, state: 'unseen' }])
})

test('the pages of a person hear of changes, of this replica and others, and of nobody else’s', async () => {
  const [ann, bob] = [await newPerson(), await newPerson()]
  const reader = ((await changes(ann.request('conversations/changes'))).body as ReadableStream<Uint8Array>).getReader()
  onTestFinished(() => reader.cancel())
  const heard: string[] = []
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      heard.push(new TextDecoder().decode(value))
    }
  })()
  const hints = () => heard.filter((text) => text.includes('data:')).length
  await vi.waitFor(() => expect(heard).not.toEqual([]), { timeout: 10_000 })
  await bob.begin('nothing to Ann')
  await notify('switchboard_conversations', [`org_other ${bob.caller.userId} `])
  expect(hints()).toBe(0)
  const id = await ann.begin('hello')
  await vi.waitFor(() => expect(hints()).toBeGreaterThan(0), { timeout: 10_000 })
  for (const tell of [
    () => ann.change(id, { is_pinned: true }),
    // It has its name already: only the run is new.
    () => ann.say(id, 'again'),
    () => notify('switchboard_conversations', [`org_other ${ann.caller.userId} `]),
  ]) {
    await vi.waitFor(
      async () => {
        const before = hints()
        await tell()
        await vi.waitFor(() => expect(hints()).toBeGreaterThan(before), { timeout: 10_000 })
      },
      { timeout: 45_000 },
    )
  }
})

const FOUND: [what: string, text: string, query: string, snippet: string][] = [
  ['the beginning of a word', 'Where is the buttermilk?', 'butt', 'Where is the **butt**ermilk?'],
  ['Chinese', '今天去超市买牛奶和面包', '牛奶', '今天去超市买**牛奶**和面包'],
  ['Thai', 'พรุ่งนี้ซื้อนมและขนมปัง', 'ขนมปัง', 'พรุ่งนี้ซื้อนมและ**ขนมปัง**'],
  ['Korean with its particle', '내일 학교에서 회의가 있다', '학교', '내일 **학교**에서 회의가 있다'],
  ['an accent that is not typed', 'Ask Müller now', 'mull', 'Ask **Müll**er now'],
  ['Arabic without its vowel signs', 'كِتَاب جديد', 'كتاب', '**كِتَاب** جديد'],
]

test('messages are found in every script, the person’s own and the answers to them', async () => {
  const ann = await newPerson('The answer is forty-two.')
  for (const [, text] of FOUND) await ann.begin(text)
  for (const [what, , query, snippet] of FOUND)
    expect((await ann.search(query)).messages, what).toMatchObject([{ snippet, is_own: true }])
  const { messages, is_complete } = await ann.search('forty')
  expect(is_complete).toBe(true)
  expect(messages).toHaveLength(FOUND.length)
  expect(messages[0]).toMatchObject({ is_own: false, snippet: 'The answer is **forty**-two.' })
})

test('conversations are found by name, nothing typed finds the last used, and a change is found at once', async () => {
  const ann = await newPerson()
  const id = await ann.begin('Groceries')
  await ann.begin('Taxes')
  await age(ann.caller, id, 1)
  expect((await ann.search('groc')).conversations).toMatchObject([{ id, title: 'Groceries' }])
  await ann.chat({ type: 'threads.update', params: { thread_id: id, title: 'Einkäufe' } })
  expect((await ann.search('groc')).conversations).toEqual([])
  expect((await ann.search('eink')).conversations).toMatchObject([{ id }])
  expect((await ann.search('')).conversations).toMatchObject([{ title: 'Taxes' }, { title: 'Einkäufe' }])
  await ann.change(id, { is_archived: true })
  expect((await ann.search('eink')).conversations).toMatchObject([{ id, is_archived: true }])
  expect((await ann.search('')).assistants, 'there is no choice').toEqual([])
  // Odd texts find nothing and break nothing.
  for (const odd of ['\0', "')", '"', '-', ' or ', '\ud800', '🦊', '<->'])
    expect(await ann.search(odd), odd).toMatchObject({ status: 200, messages: [] })
  expect((await ann.search('x'.repeat(201))).status).toBe(400)
})

test('an answer of ten megabytes is searched as far as its words go, and does not stop the search', async () => {
  const ann = await newPerson()
  const id = await ann.begin('small')
  const text = `first ${'lorem ipsum '.repeat(850_000)} last`
  await withCaller(ann.caller, (tx) =>
    tx.threadItem.create({
      data: {
        ...{ id: 'msg_of_ten_megabytes', threadId: id, ownerId: ann.caller.userId, type: 'assistant_message' },
        data: { id: 'x', type: 'assistant_message', content: [{ type: 'output_text', text, annotations: [] }] },
      },
    }),
  )
  expect((await ann.search('first')).messages).toHaveLength(1)
  expect((await ann.search('last')).messages).toHaveLength(0)
  expect((await ann.search('small')).messages).toHaveLength(1)
})
