import { expect, test } from 'vitest'
import { makeQuestionCard } from '#lib/agent/questions/question-card.ts'
import { en } from '#lib/agent/questions/words/english.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import { nodes } from '#tests/support/agent-door.ts'

const LOCALES = ['ar', 'de', 'en', 'es', 'fr', 'it', 'ja', 'nl', 'pt', 'zh']
const valuesOf = (text: string) => text.match(/\{\w+\}/g)?.sort() ?? []

test.each(LOCALES)('the card of a question speaks %s, and its sentences name the same values', (locale) => {
  const words = findWords(locale)
  if (locale !== 'en') expect(words).not.toBe(en)
  for (const [name, text] of Object.entries(en)) {
    const own = words[name as keyof typeof en]
    expect([name, valuesOf(own)]).toEqual([name, valuesOf(text)])
    expect(own.trim()).not.toBe('')
    if (locale !== 'en') expect([name, own]).not.toEqual([name, text])
  }
})

test.each([
  ['de-AT', 'de'],
  ['pt_BR', 'pt'],
  ['ZH-Hant-TW', 'zh'],
  ['xx', 'en'],
  ['', 'en'],
  [null, 'en'],
  ['__proto__', 'en'],
])('the locale %s is answered in %s', (locale, language) => {
  expect(findWords(locale)).toBe(findWords(language))
})

const warningsFor = (url: string) => {
  const question = { mode: 'url' as const, message: 'Pay.', url }
  const card = makeQuestionCard({
    id: 'q',
    server: 's',
    tool: 't',
    question,
    isHeld: false,
    timeZone: 'UTC',
    words: en,
  })
  return nodes(card)
    .flatMap(({ type, value }) => (type === 'Caption' ? [String(value)] : []))
    .slice(1)
}

test.each([
  ['https://pay.example/', []],
  ['https://8.8.8.8/', []],
  ['http://pay.example/', [en.unencrypted]],
  ['https://10.0.0.7/', [en.privateAddress]],
  ['https://[fd00::1]/', [en.privateAddress]],
  ['https://2130706433/', [en.privateAddress]],
  ['http://localhost:8080/', [en.privateAddress, en.unencrypted]],
  ['https://wiki.internal/', [en.privateAddress]],
  ['https://printer/', [en.privateAddress]],
])('the card of %s warns of what its host says', (url, warnings) => {
  expect(warningsFor(url)).toEqual(warnings)
})
