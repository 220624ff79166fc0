import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findReadingProblem } from '#lib/agent/approvals/find-reading-problem.ts'
import { findInexactPart } from '#lib/agent/approvals/inexact-json.ts'
import { diffDefinitions } from '#lib/mcp-client/tools/definition-diff.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

describe('a text that a person decides by', () => {
  test.each([
    ['a variation selector', 'a\ufe0fb', 'a⟦U+FE0F⟧b'],
    ['a supplementary variation selector', 'OK 🙂\u{e0100}', 'OK 🙂⟦U+E0100⟧'],
    ['many equal selectors', `x${'\u{e0101}'.repeat(40)}`, 'x⟦40 × U+E0101⟧'],
    ['the combining grapheme joiner', 'a\u034fb', 'a⟦U+034F⟧b'],
    ['Hangul fillers', '\u115f\u1160\u3164\uffa0', '⟦U+115F⟧⟦U+1160⟧⟦U+3164⟧⟦U+FFA0⟧'],
    ['invisible Khmer vowels', '\u17b4\u17b5', '⟦U+17B4⟧⟦U+17B5⟧'],
    ['a Mongolian selector', 'ᠠ\u180b', 'ᠠ⟦U+180B⟧'],
    ['the Braille blank', 'a\u2800b', 'a⟦U+2800⟧b'],
    ['a musical null notehead', '\u{1d159}', '⟦U+1D159⟧'],
    ['the Khitan filler', '\u{16fe4}', '⟦U+16FE4⟧'],
    ['blanks other than U+0020', 'a\u00a0b\u3000c\u1680d', 'a⟦U+00A0⟧b⟦U+3000⟧c⟦U+1680⟧d'],
    ['line ends other than newline', 'a\u2028b\u0085c\rd', 'a⟦U+2028⟧b⟦U+0085⟧c⟦U+000D⟧d'],
    ['a tab', 'a\tb', 'a⟦tab⟧b'],
    ['tag characters', '\u{e0041}\u{e0042}', '⟦U+E0041⟧⟦U+E0042⟧'],
    ['bidirectional controls', '\u202a\u202e\u2066\u061c\u200f', '⟦U+202A⟧⟦U+202E⟧⟦U+2066⟧⟦U+061C⟧⟦U+200F⟧'],
    ['a byte order mark and a soft hyphen', '\ufeffa\u00adb', '⟦U+FEFF⟧a⟦U+00AD⟧b'],
    ['a lone surrogate', 'a\ud83d', 'a⟦U+D83D⟧'],
    ['private and unassigned characters', '\ue000\u0378', '⟦U+E000⟧⟦U+0378⟧'],
    ['a long run of spaces', `a${' '.repeat(400)}b`, 'a⟦400 spaces⟧b'],
    ['a long run of lines', `a${'\n'.repeat(60)}b`, 'a⟦60 line breaks⟧b'],
    ['spaces and line breaks in a row', `a${' \n'.repeat(60)}b`, 'a⟦120 spaces and line breaks⟧b'],
    ['our own notation', '⟦400 spaces⟧', '⟦U+27E6⟧400 spaces⟦U+27E7⟧'],
    ['a joiner between Latin letters', 'pay\u200cpal', 'pay⟦U+200C⟧pal'],
    ['joiners in a row', 'می\u200c\u200cخ', 'می⟦U+200C⟧⟦U+200C⟧خ'],
    ['joiners between letters of a script that needs a sign beside them', 'क\u200cख\u200dग', 'क⟦U+200C⟧ख⟦U+200D⟧ग'],
    ['a joiner between letters that join anyway', 'ب\u200dب', 'ب⟦U+200D⟧ب'],
    ['a text style selector', '☺\ufe0e', '☺⟦U+FE0E⟧'],
    ['a host in another script', 'https://аррӏе.com/x', 'https://аррӏе.com⟦xn--80ak6aa92e.com⟧/x'],
    ['a host with one label', 'http://локал/', 'http://локал⟦xn--80atccm⟧/'],
    ['the host of an e-mail address', 'bob@bücher.example', 'bob@bücher.example⟦xn--bcher-kva.example⟧'],
    ['a host after a password', 'ftp://a:b@exаmple.com:21', 'ftp://a:b@exаmple.com⟦xn--exmple-4nf.com⟧:21'],
    ['a host by itself', 'пример.рф', 'пример.рф⟦xn--e1afmkfd.xn--p1ai⟧'],
    ['a host in full-width letters', 'ｅｘａｍｐｌｅ．ｃｏｍ', 'ｅｘａｍｐｌｅ．ｃｏｍ⟦example.com⟧'],
    ['a host in circled letters', 'ⓔⓥⓘⓛ.com', 'ⓔⓥⓘⓛ.com⟦evil.com⟧'],
    ['a host with a symbol', 'https://x™.com/', 'https://x™.com⟦xtm.com⟧/'],
    ['a host with an emoji', 'https://i❤️.ws/', 'https://i❤️.ws⟦xn--i-7iq.ws⟧/'],
    ['a host with an ideographic full stop', 'http://例え。テスト/', 'http://例え。テスト⟦xn--r8jz45g.xn--zckzah⟧/'],
  ])('shows %s', (_, text, shown) => {
    expect(toVisibleText(text)).toBe(shown)
  })

  test.each([
    ['emoji of one or more characters', '🙂 ❤️ 1️⃣ a1️⃣ 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇺🇦 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['Persian with its joiners', 'می‌خواهم ه‍.ق'],
    ['Hindi, Malayalam and Sinhala with their joiners', 'क्‍ष र्‍य ന്‍ ශ්‍රී'],
    ['accents, decomposed', 'Mu\u0308ller'],
    ['Chinese with a version number', '今天Node.js发布了，版本2.0。好。'],
    ['a file with umlauts', 'Übersicht.pdf'],
    ['indented lines', 'if (x) {\n    return 1\n}'],
  ])('leaves %s unchanged', (_, text) => {
    expect(toVisibleText(text)).toBe(text)
  })

  test('contains no invisible character, and two different texts never look the same', () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom(' ', '\n', '\u200b', '\u00a0', '⟦', '⟧', 'a', '\ud800'),
        fc.string({ unit: 'binary', maxLength: 1 }),
      ),
    })
    fc.assert(
      fc.property(nasty, nasty, (one, other) => {
        const shown = toVisibleText(one)
        expect(shown.replace(/\p{RGI_Emoji}|[\u200c\u200d]/gv, '')).not.toMatch(/[[\p{C}\p{Z}\u2800]--[ \n]]/v)
        if (one !== other) expect(toVisibleText(other)).not.toBe(shown)
      }),
    )
  })

  test('is shown as JSON with its keys', () => {
    expect(toVisibleJson({ 'k\u200b': [`a${' '.repeat(30)}b`, 1, null] })).toBe(
      '{\n  "k⟦U+200B⟧": [\n    "a⟦30 spaces⟧b",\n    1,\n    null\n  ]\n}',
    )
  })
})

test('arguments that are too long for a card are refused before they are scanned', () => {
  const tooLong = 'its arguments are too long to be read'
  for (const text of [
    `[-0${',1'.repeat(12_000)}]`,
    `{"a":-0,${' '.repeat(1_300_000)}"b":1}`,
    `[-0,"${'é.com '.repeat(4_000)}"]`,
  ])
    expect(findReadingProblem(JSON.parse(text), text)).toBe(tooLong)
  for (const unit of [' ', '\n', '\t', '\0', '\u200b']) {
    const args = { a: `x${unit.repeat(30_000)}y` }
    expect(findReadingProblem(args, JSON.stringify(args))).toBeUndefined()
  }
})

test('every text of a definition is shown: names, titles, parameters, enums, defaults and annotations', () => {
  const hidden = '\u{e0041}'
  const parameter = { description: `d${hidden}`, enum: [`e${hidden}`], default: `f${hidden}`, title: `t${hidden}` }
  const lines = diffDefinitions(null, {
    name: `n${hidden}`,
    title: `T${hidden}`,
    description: `first\nsecond${hidden}`,
    inputSchema: { type: 'object', properties: { [`p${hidden}`]: parameter } },
    outputSchema: { description: `o${hidden}` },
    annotations: { title: `a${hidden}` },
  }).map(({ text }) => text)
  expect(lines.join('\n')).not.toContain(hidden)
  for (const letter of 'nTpdeftoa') expect(lines.join('\n')).toContain(`"${letter}⟦U+E0041⟧"`)
  expect(lines.slice(0, 2)).toEqual(['first', 'second⟦U+E0041⟧'])
})

test.each([
  ['{"a":1,"b":[1.5,"1e400",{"c":-1}],"d":":"}', undefined],
  ['{"a":0.1000000000000000055}', undefined],
  ['{"a":9007199254740993}', 'the number 9007199254740993 would be sent as 9007199254740992'],
  ['{"a":-0}', 'the number -0 would be sent as 0'],
  ['{"a":[{"b":-0.0}]}', 'the number -0.0 would be sent as 0'],
  ['{"a":1e400}', 'the number 1e400 would be sent as null'],
  ['{"a":1e-400}', 'the number 1e-400 would be sent as 0'],
  ['{"a":1,"a":2}', 'an object has the same key twice'],
  ['{"a":1,"\\u0061":2}', 'an object has the same key twice'],
  ['{"x":{"__proto__":1,"__proto__":1}}', 'an object has the same key twice'],
  ['{"x":', undefined],
])('JSON that parsing would change is found: %s', (text, part) => {
  expect(findInexactPart(text)).toBe(part)
})

test('the diff of a long definition contains only what changed', () => {
  const definition = (changed: string) => ({
    name: 'x',
    description: Array.from({ length: 4_000 }, (_, line) => (line === 2_000 ? changed : `line ${line}`)).join('\n'),
    inputSchema: { type: 'object' as const },
  })
  expect(diffDefinitions(definition('old'), definition('new')).filter(({ kind }) => kind !== 'same')).toEqual([
    { kind: 'before', text: 'old' },
    { kind: 'now', text: 'new' },
  ])
  expect(diffDefinitions(definition('old'), definition('old')).every(({ kind }) => kind === 'same')).toBe(true)
})
