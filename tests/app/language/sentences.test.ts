import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createIntl } from 'react-intl'
import { expect, test } from 'vitest'
import { LANGUAGES, type Language } from '#lib/platform/language/languages.ts'
import { translateSentence } from '#lib/platform/language/translate-sentence.ts'
import { findHardCoded } from '#tests/app/language/hard-coded.ts'
import { AppSources, literalText, parseSource, type SyntaxNode, walkSource } from '#tests/support/source-tree.ts'

const FOLDER = 'lib/platform/language/messages'
const TRANSLATED = (Object.keys(LANGUAGES) as Language[]).filter((language) => language !== 'en')

type Sections = { client: Record<string, string>; server: Record<string, string> }
type Pair = { room: string; section: 'client' | 'server'; english: string; text: string }

function readRoom(language: string, room: string): Sections {
  return JSON.parse(readFileSync(`${FOLDER}/${language}/${room}.json`, 'utf8'))
}

const listRooms = (language: string) =>
  globSync(`${FOLDER}/${language}/*.json`)
    .map((file) => path.basename(file, '.json'))
    .sort()

const listPairs = (language: string): Pair[] =>
  listRooms(language).flatMap((room) =>
    Object.entries(readRoom(language, room)).flatMap(([section, texts]) =>
      Object.entries(texts).map(([english, text]) => ({ room, section: section as Pair['section'], english, text })),
    ),
  )

const german = listPairs('de')
const keys = new Set(german.map(({ english }) => english))
const app = new AppSources()
/** Rooms whose sentences are still English only. */
const ENGLISH_ONLY = /^app\/admin\//

/** A sentence without the names of its values: an error's has them in it already. */
const toShape = (text: string) => text.replace(/\{[\w ,#]+\}/g, '{}')
const shapes = Map.groupBy(
  german.filter(({ room }) => room === 'errors').map(({ english }) => english),
  toShape,
)

/** The sentences of each file: every string of it that is one, and every template in its shape. */
const sentencesOf = new Map<string, Set<string>>()
for (const file of globSync(['app/**/*.{ts,tsx}', 'lib/**/*.ts', 'mcp/**/*.ts'])) {
  if (/^lib\/(generated|chatkit-element)\//.test(file)) continue
  const found = new Set<string>()
  if (ENGLISH_ONLY.test(file)) continue
  walkSource(parseSource(file), (node) => {
    const text = literalText(node)
    if (text !== undefined && keys.has(text)) found.add(text)
    for (const english of shapes.get(templateShape(node) ?? '') ?? []) found.add(english)
  })
  sentencesOf.set(file, found)
}

/** The names of a message's values, and its elements. */
function listPlaces(message: string, language: Language): string[] {
  const { formatters } = createIntl({ locale: LANGUAGES[language].formats })
  const names = new Set<string>()
  const collect = (parts: unknown): void => {
    for (const part of parts as { type: number; value?: string; options?: object; children?: unknown }[]) {
      // 0 is plain text, 7 the "#" of a plural, 8 an element.
      if (part.type !== 0 && part.type !== 7) names.add(part.type === 8 ? `<${part.value}>` : String(part.value))
      for (const option of Object.values(part.options ?? {})) collect((option as { value: unknown }).value)
      if (part.children) collect(part.children)
    }
  }
  collect(formatters.getMessageFormat(message, LANGUAGES[language].formats).getAst())
  return [...names].sort()
}

test('no sentence is in two rooms, so that one place says how it is translated', () => {
  const places = Map.groupBy(german, ({ english }) => english)
  expect([...places].filter(([, { length }]) => length > 1).map(([english]) => english)).toEqual([])
})

test.each(TRANSLATED)('%s has the rooms, sections and sentences that German has, and none is empty', (language) => {
  const pairs = listPairs(language)
  const place = ({ room, section, english }: Pair) => `${room} ${section}: ${english}`
  expect(pairs.map(place).sort()).toEqual(german.map(place).sort())
  expect(pairs.filter(({ text }) => text.trim() === '').map(({ english }) => english)).toEqual([])
})

test.each(TRANSLATED)('%s names the same values and elements as English, and all that a plural needs', (language) => {
  const differing = listPairs(language).flatMap(({ english, text }) => {
    const [wanted, given] = [listPlaces(english, 'en'), listPlaces(text, language)]
    return JSON.stringify(wanted) === JSON.stringify(given) ? [] : [{ english, text, wanted, given }]
  })
  expect(differing).toEqual([])
})

test('a value that a call passes is in its sentence, and every value of a sentence is passed', () => {
  const differing: string[] = []
  for (const [file, source] of app.sources)
    walkSource(parseSource(file, source), (node) => {
      const callee = node.callee as { name?: string; object?: { name?: string } } | undefined
      if (node.type !== 'CallExpression' || (callee?.name ?? callee?.object?.name) !== 't') return
      const [first, second] = node.arguments as { type: string; properties?: { key?: { name?: string } }[] }[]
      const english = literalText(first)
      if (english === undefined || (second && second.type !== 'ObjectExpression')) return
      const given = (second?.properties ?? []).map(({ key }) => key?.name ?? '').sort()
      const wanted = listPlaces(english, 'en').map((name) => name.replace(/[<>]/g, ''))
      if (JSON.stringify(given) !== JSON.stringify(wanted)) differing.push(`${file}: ${english}: ${given}`)
    })
  expect(differing).toEqual([])
})

test('every sentence of the dictionaries is used', () => {
  const used = new Set([...sentencesOf.values()].flatMap((found) => [...found]))
  expect([...keys].filter((english) => !used.has(english))).toEqual([])
})

test('a sentence is in the part for browsers if a client component says it, and only then', () => {
  const inBrowser = new Set([...app.listClientFiles()].flatMap((file) => [...(sentencesOf.get(file) ?? [])]))
  const wrong = german.filter(({ english, section }) => (section === 'client') !== inBrowser.has(english))
  expect(wrong.map(({ room, section, english }) => `${room} ${section}: ${english}`)).toEqual([])
})

test('every page gives its client components the rooms of their sentences', () => {
  const roomOf = new Map(german.map(({ english, room }) => [english, room]))
  const lacking = [...app.sources.keys()]
    .filter((file) => path.basename(file) === 'page.tsx')
    .flatMap((page) => {
      const layouts = listFoldersAbove(page)
        .map((folder) => path.join(folder, 'layout.tsx'))
        .filter((file) => app.sources.has(file))
      const reached = app.reach([page, ...layouts])
      const rooms = new Set(
        [...reached].flatMap((file) =>
          [...(app.sources.get(file) ?? '').matchAll(/<ClientSentences\s+rooms=\{\[([^\]]*)\]/g)].flatMap(
            ([, list = '']) => [...list.matchAll(/'([\w-]+)'/g)].map(([, room]) => room),
          ),
        ),
      )
      return [...app.listClientFiles(reached)].flatMap((file) =>
        [...(sentencesOf.get(file) ?? [])]
          .filter((english) => !rooms.has(roomOf.get(english)))
          .map((english) => `${page} lacks ${roomOf.get(english)} for ${file}: ${english}`),
      )
    })
  expect(lacking).toEqual([])
})

test('no page has a sentence that is not translated', () => {
  // Errors of actions and routes are said by the door: see the test below.
  const files = [...app.sources.keys()].filter(
    (file) => !ENGLISH_ONLY.test(file) && !/^app\/api\/|\/(?:actions|route)\.ts$/.test(file),
  )
  expect(files.flatMap((file) => findHardCoded(file, keys))).toEqual([])
})

/** Where errors come from that people meet on pages outside the admin's. */
const ERROR_FILES = /^lib\/(?:auth\/(?:passwords|sign-in|sessions|limits)|data\/people|platform\/errors)/

test('the errors of accounts and sign-in are translated', () => {
  const files = [...sentencesOf.keys()].filter((file) => ERROR_FILES.test(file))
  const lacking = files.flatMap((file) => {
    const found: string[] = []
    walkSource(parseSource(file), (node) => {
      const { name } = (node.callee ?? {}) as { name?: string }
      if (node.type !== 'NewExpression' || name !== 'AppError') return
      const message = (node.arguments as SyntaxNode[])[1]
      const text = message && (literalText(message) ?? templateShape(message))
      if (text !== undefined && !keys.has(text) && !shapes.has(text)) found.push(`${file}: ${text}`)
    })
    return found
  })
  expect(lacking).toEqual([])
})

test('an error is said in the language of its reader, with its values, and English where nobody translated it', async () => {
  const say = (sentence: string) => translateSentence('de', sentence)
  expect(await say('The file is larger than 20 MB.')).toBe('Die Datei ist größer als 20 MB.')
  expect(await say('The token was not found.')).toBe('Das Token wurde nicht gefunden.')
  expect(await say('Too many attempts. Try again in 3 minutes.')).toBe(
    'Zu viele Versuche. Versuche es wieder in 3 Minuten.',
  )
  expect(await say('No such sentence.')).toBe('No such sentence.')
  expect(await say('constructor')).toBe('constructor')
  expect(await translateSentence('en', 'The password is wrong.')).toBe('The password is wrong.')
})

test.each([
  ['<p>Hello there</p>', 'Hello there'],
  ['<button aria-label="Close it" />', 'Close it'],
  ['<Card title={isNew ? "New card" : undefined} />', 'New card'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a page
  ['<p>{`You have ${count} tasks`}</p>', 'You have … tasks'],
])('a text in %s is found', (jsx, text) => {
  expect(findHardCoded('made-up.tsx', new Set(), `export const x = ${jsx}`)).toEqual([`made-up.tsx: ${text}`])
})

/** "You have {} tokens" for such a template. */
function templateShape(node: SyntaxNode): string | undefined {
  if (node.type !== 'TemplateLiteral') return undefined
  return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('{}')
}

function listFoldersAbove(file: string): string[] {
  const parts = path.dirname(file).split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
