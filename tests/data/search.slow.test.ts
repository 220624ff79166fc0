import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foldText, foldWithPlaces } from '#lib/data/search/fold-text.ts'
import { toSearchVector } from '#lib/data/search/search-words.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

// What people search for in notes and tasks, through the MCP endpoint.

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve(handleMcp)
})
afterAll(() => server.close())

async function newPerson() {
  const { caller } = await signedIn()
  const door = mcpCaller(`${server.url}/mcp`, await personalToken(caller))
  const notes = async (query: string) =>
    (await door.get('search_notes', { query })).notes as unknown as { title: string; snippet: string }[]
  const tasks = async (text: string) => (await door.get('list_tasks', { text })).tasks as unknown as { title: string }[]
  return { caller, ...door, notes, tasks }
}

const MULLER = 'Müller'
/** A text, a query that finds it, and how the snippet shows the match. */
const FOUND: [what: string, text: string, query: string, snippet: string][] = [
  ['Chinese', '今天去超市买牛奶和面包', '牛奶', '今天去超市买**牛奶**和面包'],
  ['one Chinese character', '今天去超市买牛奶和面包', '奶', '今天去超市买牛**奶**和面包'],
  ['the last Chinese character', '今天去超市买牛奶和面包', '包', '今天去超市买牛奶和面**包**'],
  ['three Chinese characters', '今天去超市买牛奶和面包', '买牛奶', '今天去超市**买牛奶**和面包'],
  ['several Chinese words', '今天去超市买牛奶和面包', '面包 牛奶', '今天去超市买**牛奶**和**面包**'],
  ['Chinese beside a number', '第3章讲电池', '第3章', '**第3章**讲电池'],
  ['Japanese', '明日の会議は東京駅で行います', '東京駅', '明日の会議は**東京駅**で行います'],
  ['half-width kana', 'ｶﾞｿﾘﾝを入れる', 'ガソリン', '**ｶﾞｿﾘﾝ**を入れる'],
  ['Thai', 'พรุ่งนี้ซื้อนมและขนมปัง', 'ขนมปัง', 'พรุ่งนี้ซื้อนมและ**ขนมปัง**'],
  ['Korean with its particle', '내일 학교에서 회의가 있다', '학교', '내일 **학교**에서 회의가 있다'],
  [
    'decomposed Korean',
    '내일 학교에서'.normalize('NFD'),
    '학교',
    `내일 **${'학교'.normalize('NFD')}**에서`.normalize('NFD'),
  ],
  [
    'an accent that is not typed',
    `Ask ${MULLER.normalize('NFC')} now`,
    'muller',
    `Ask **${MULLER.normalize('NFC')}** now`,
  ],
  ['a decomposed accent', `Ask ${MULLER.normalize('NFD')} now`, 'muller', `Ask **${MULLER.normalize('NFD')}** now`],
  [
    'a decomposed accent by a composed query',
    `Ask ${MULLER.normalize('NFD')} now`,
    MULLER.normalize('NFC'),
    `Ask **${MULLER.normalize('NFD')}** now`,
  ],
  ['an accent in the query only', 'Ask Muller now', 'Müller', 'Ask **Muller** now'],
  ['letters with a stroke', 'Łódź, Straße, København', 'lodz strasse kobenhavn', '**Łódź**, **Straße**, **København**'],
  ['Turkish', 'İstanbul ve Iğdır', 'istanbul igdir', '**İstanbul** ve **Iğdır**'],
  ['Greek', 'Ο ΣΊΣΥΦΟΣ', 'σίσυφος', 'Ο **ΣΊΣΥΦΟΣ**'],
  ['Russian', 'Чёрный ящик', 'черный', '**Чёрный** ящик'],
  ['Arabic without its vowel signs', 'كِتَاب جديد', 'كتاب', '**كِتَاب** جديد'],
  ['Persian without its joiner', 'می\u200cخواهم بروم', 'میخواهم', '**می\u200cخواهم** بروم'],
  ['full-width letters', 'ＡＢＣ１２３ is the code', 'abc123', '**ＡＢＣ１２３** is the code'],
  ['a stop word', 'the IT plan', 'IT', 'the **IT** plan'],
  ['only stop words', 'to be or not', 'to be', '**to** **be** or not'],
  ['a part of a name with a dot', 'uses node.js here', 'node', 'uses **node**.js here'],
  ['a name with a dot', 'uses node.js here', 'node.js', 'uses **node**.**js** here'],
  ['an English word in another form', 'We were running late', 'runs', 'We were **running** late'],
  [
    'an e-mail address',
    'Write to ann.smith@example.com',
    'ann.smith@example.com',
    'Write to **ann**.**smith**@**example**.**com**',
  ],
]

describe('found in a note and shown in its snippet:', () => {
  test.each(FOUND)('%s', async (_, body, query, snippet) => {
    const { get, notes } = await newPerson()
    await get('save_note', { title: 'T', body })
    expect(await notes(query)).toMatchObject([{ title: 'T', snippet }])
  })

  test.each(FOUND)('also in the title of a task: %s', async (_, title, query) => {
    const { get, tasks } = await newPerson()
    await get('add_task', { title })
    await get('add_task', { title: 'Something else, 別の, 다른' })
    expect(await tasks(query)).toHaveLength(1)
  })
})

test.each([
  ['今天去超市买牛奶和面包', '牛面'],
  ['今天去超市买牛奶和面包', '奶牛'],
  ['an item in Italy', 'IT'],
  ['node. And then js', '"node and js"'],
  ['내일 학교에서', '학원'],
])('%s is not found by %s', async (body, query) => {
  const { get, notes } = await newPerson()
  await get('save_note', { title: 'T', body })
  expect(await notes(query)).toEqual([])
})

test('titles rank first, and more matches before fewer', async () => {
  const { get, notes } = await newPerson()
  await get('save_note', { title: '购物', body: '今天去超市买牛奶' })
  await get('save_note', { title: '牛奶', body: '一升' })
  await get('save_note', { title: '早餐', body: '牛奶，牛奶，还是牛奶' })
  expect((await notes('牛奶')).map(({ title }) => title)).toEqual(['牛奶', '早餐', '购物'])
})

test('part of a task’s title is enough', async () => {
  const { get, tasks } = await newPerson()
  await get('add_task', { title: 'Buy buttermilk from Müller' })
  for (const text of ['milk', 'mul', 'Mül', 'BUY', 'y butt', 'muller buy'])
    expect(await tasks(text), text).toHaveLength(1)
  for (const text of ['cheese', 'buy cheese']) expect(await tasks(text), text).toEqual([])
})

test('rows from before the search index are found, and so are changed texts', async () => {
  const { caller, get, notes, tasks } = await newPerson()
  const own = { ownerId: caller.userId }
  await withCaller(caller, async (tx) => {
    await tx.note.createMany({
      data: Array.from({ length: 45 }, (_, at) => ({ ...own, id: `note_old${at}`, title: `Old ${at}`, body: '牛奶' })),
    })
    await tx.task.create({ data: { ...own, number: 900, title: '买牛奶' } })
  })
  expect((await get('search_notes', { query: '牛奶', limit: 20 })).notes).toHaveLength(20)
  expect(await notes('"old 44"')).toHaveLength(1)
  expect(await tasks('牛奶')).toHaveLength(1)
  await withCaller(caller, (tx) => tx.note.updateMany({ where: { id: 'note_old44' }, data: { body: '面包' } }))
  await get('update_task', { number: 900, title: '买面包' })
  expect((await notes('面包')).map(({ title }) => title)).toEqual(['Old 44'])
  expect(await tasks('牛奶')).toEqual([])
  expect(await tasks('面包')).toHaveLength(1)
})

test('the largest note in any script can be saved and found', async () => {
  const { get, notes } = await newPerson()
  const characters = Array.from({ length: 99_000 }, (_, at) =>
    String.fromCodePoint(0x4e00 + ((at * 7_919) % 20_000)),
  ).join('')
  await get('save_note', { title: 'Long', body: `${characters}。牛奶面包` })
  const [long] = await notes('牛奶面包')
  expect(long?.snippet).toMatch(/^… .*\*\*牛奶面包\*\*$/)
  await get('save_note', { title: 'Wide', body: `\ufdfa`.repeat(99_000) })
  expect(await notes('wide')).toHaveLength(1)
})

test('folding a text gives the same result as a whole and in parts', () => {
  const texts = fc.string({
    unit: fc.oneof(
      fc.constantFrom('e', '\u0301', 'ß', 'Σ', '\u1112', '\u1161', '\u11ab', 'か', '\u3099', 'ｶ', 'ﾞ', 'İ', ' '),
      fc.string({ unit: 'binary', maxLength: 1 }),
    ),
  })
  const run = fc.asyncProperty(texts, async (text) => {
    const { text: parts, starts, ends } = await foldWithPlaces(text)
    expect(parts).toBe(foldText(text))
    expect([starts.length, ends.length]).toEqual([parts.length, parts.length])
  })
  return fc.assert(run)
})

test('PostgreSQL accepts the search vector and the query of any text', async () => {
  const { caller, get, notes } = await newPerson()
  const texts = fc.string({
    unit: fc.oneof(
      fc.constantFrom("'", '"', '\\', '-', ' ', ':', '*', '牛', '奶', 'é', 'or '),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    ),
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const vector = await toSearchVector([{ text, weight: 'A' }])
      await withCaller(caller, (tx) => tx.$queryRaw`SELECT ${vector}::tsvector::text`)
      if (text.trim()) await notes(text)
    }),
    { numRuns: 60 },
  )
  expect(await get('search_notes', {})).toEqual({ notes: [] })
})
