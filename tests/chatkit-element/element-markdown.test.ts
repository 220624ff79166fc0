import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { english } from '#lib/chatkit-element/language/strings.ts'
import { Blocks } from '#lib/chatkit-element/markdown/blocks.ts'
import { listCitedSources, markCitations } from '#lib/chatkit-element/markdown/citations.ts'
import { isAllowedImage, isSafeLink } from '#lib/chatkit-element/markdown/links.ts'
import { mend } from '#lib/chatkit-element/markdown/mend.ts'
import { toHtml } from '#lib/chatkit-element/markdown/to-html.ts'
import { toSpokenText } from '#lib/chatkit-element/state/plain-text.ts'

const TEXT = `# Plan

Some **bold** and \`code\`, a [link](https://example.com).

1. one
2. two
   - nested

| a | b |
| - | - |
| 1 | 2 |

\`\`\`ts
const x = 1

const y = 2
\`\`\`

> quote

The end.`

describe('a text that is still being written', () => {
  test.each([
    ['an open link shows its label', 'See [the docs](https://exam', 'See the docs'],
    ['an open label shows as text', 'See [the do', 'See the do'],
    ['a complete link stays', 'See [a](https://b.c) now', 'See [a](https://b.c) now'],
    ['an open image shows nothing', 'Look ![a cat](https://ex', 'Look '],
    ['bold is closed', 'This is **very imp', 'This is **very imp**'],
    ['nested marks are closed inside out', 'a **b _c', 'a **b _c_**'],
    ['a mark with nothing after it waits', 'This is **', 'This is '],
    ['code is closed, and marks in it are text', 'run `a **b', 'run `a **b`'],
    ['a snake_case word is a word', 'the list_tasks tool', 'the list_tasks tool'],
    ['a line that may become a heading or a list waits', 'Some text\n-', 'Some text'],
    ['a bullet is not emphasis', '* one *two', '* one *two*'],
    ['a fence is left alone', '```ts\nconst a = `', '```ts\nconst a = `'],
    ['a table waits for its second line', '| a | b |\n| -', ''],
    ['half a tag waits', 'line<b', 'line'],
    ['two times three stays', '2 * 3 = 6', '2 * 3 = 6'],
    ['a backtick with nothing after it waits', 'run `', 'run '],
    ['two backticks wait at the start', '``', ''],
    ['the beginning of the end of code waits', 'so ``a `', 'so ``a``'],
    ['the beginning of the end of a fence waits', '```ts\ncode\n``', '```ts\ncode'],
    ['a fence in a list is left alone', '- a\n  ```js\n  const a = `x', '- a\n  ```js\n  const a = `x'],
    ['a fence in a quote waits for its end', '> ```\n> a\n> ``', '> ```\n> a'],
    ['half a footnote shows nothing', 'as said[^no', 'as said'],
    ['a formula waits for its end', 'so \\(a*b', 'so'],
    ['a formula on lines of its own waits, too', 'so\n\\[\na*b\n', 'so'],
    ['a formula between dollars waits', 'so $$a*b', 'so'],
    ['money does not wait', 'from $5 to $7 *now', 'from $5 to $7 *now*'],
    ['dollars in code do not wait', 'so `$$` is *it', 'so `$$` is *it*'],
    ['a whole formula stays as it is', 'so \\(a*b\\) and \\[a_b\\] *c', 'so \\(a*b\\) and \\[a_b\\] *c*'],
    ['a formula without end shows in the end', `so \\[ ${'x '.repeat(1_001)}`, `so \\[ ${'x '.repeat(1_001)}`],
    ['an escaped star opens nothing', 'a \\*b', 'a \\*b'],
  ])('%s', (_, raw, shown) => expect(mend(raw).trimEnd()).toBe(shown.trimEnd()))

  test('reading piece by piece gives the same blocks as reading at once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: TEXT.length }), { maxLength: 12 }), (cuts) => {
        const blocks = new Blocks()
        for (const cut of cuts.sort((a, b) => a - b)) blocks.read(TEXT.slice(0, cut), true)
        expect(blocks.read(TEXT, false).map(({ raw }) => raw)).toEqual(
          new Blocks().read(TEXT, false).map(({ raw }) => raw),
        )
      }),
    )
  })

  test('complete blocks keep their identity while the text grows', () => {
    const blocks = new Blocks()
    const before = blocks.read(`${TEXT}\n\nAnd`, true)
    const after = blocks.read(`${TEXT}\n\nAnd more`, true)
    expect(after.slice(0, 4).every((block, at) => block.token === before[at]?.token)).toBe(true)
  })

  test('Windows line ends and a text that changes are read correctly', () => {
    const blocks = new Blocks()
    blocks.read('one\r\n\r\ntwo\r\n\r\nthree', true)
    expect(blocks.read('one\r\n\r\ntwo\r\n\r\nthree\r\n\r\nfour', true).map(({ raw }) => raw.trim())).toEqual([
      'one',
      'two',
      'three',
      'four',
    ])
    expect(blocks.read('other', true).map(({ raw }) => raw)).toEqual(['other'])
  })
})

/** The HTML of a text before it is sanitised. */
function html(text: string, growing = false): string {
  const blocks = new Blocks()
  const read = blocks.read(text, growing)
  const context = { strings: english, imageDomains: [], footnotes: blocks.footnotes, rowLimit: 200, tables: [] }
  return read.map(({ token }) => toHtml(token, context)).join('')
}

describe('what models and people mean', () => {
  test.each([
    ['TeX keeps its backslashes', '\\(x^2\\) is \\[a*b*c\\], \\{y\\}', ['\\(x^2\\)', '\\[a*b*c\\]', '\\{y\\}']],
    ['an escaped bracket does not make a link', '\\[not\\](https://a.b)', ['\\[not\\]']],
    ['other escapes work', '\\*not\\* \\_this\\_ 1\\. no', ['*not* _this_ 1. no']],
    ['one tilde is text', 'Boards of 0.3~8mm and weights of 0.3~4.5mm', ['0.3~8mm and weights of 0.3~4.5mm']],
    ['two tildes strike out', '~~gone~~ ~5', ['<del>gone</del> ~5']],
    ['Chinese bold ends with a comma', '今天**历经10年发展，**年终。', ['今天<strong>历经10年发展，</strong>年终。']],
    ['Japanese bold ends with a full stop', 'これは**テスト。**です', ['これは<strong>テスト。</strong>です']],
    [
      'bold around quotes',
      '中文**“你好”**吗，也**"hi"**吧',
      ['<strong>“你好”</strong>吗', '<strong>&quot;hi&quot;</strong>吧'],
    ],
    ['Korean bold with brackets', '**한국어(韓國語)**는', ['<strong>한국어(韓國語)</strong>는']],
    ['Chinese struck out', '~~删除，~~了', ['<del>删除，</del>了']],
    [
      'other emphasis is unchanged',
      'a**b**c 2 * 3 * 4 snake_case_word "**a**"',
      ['a<strong>b</strong>c 2 * 3 * 4 snake_case_word'],
    ],
    [
      'an address ends before a Chinese full stop',
      '见https://example.com/a。然后继续',
      ['>https://example.com/a</a>。然后继续'],
    ],
    [
      'an address ends before a full-width comma and bracket',
      '（https://a.b/c），https://d.e/f、x',
      ['>https://a.b/c</a>），', '>https://d.e/f</a>、x'],
    ],
    ['an address ends before a quote', '“https://a.b/c” says', ['“<a href="https://a.b/c">https://a.b/c</a>” says']],
    ['an address ends before an Arabic comma', 'https://a.b/c، ثم', ['>https://a.b/c</a>، ثم']],
    [
      'letters and dashes of any script belong to an address',
      'https://a.b/北京–上海 x',
      ['>https://a.b/北京–上海</a> x'],
    ],
    ['inline code runs from left to right', 'استخدم `--flag` الآن', ['<code dir="ltr">--flag</code>']],
    [
      'a picture that is not loaded is a link',
      '![cat](https://e.com/c.png)',
      ['href="https://e.com/c.png"', 'Image not loaded: cat</a>'],
    ],
    ['a picture in a link is the link', '[![cat](https://e.com/c.png)](https://x.y)', ['<a href="https://x.y"><span']],
  ])('%s', (_, text, parts) => {
    for (const part of parts)
      expect(html(text)).toContain(part.replaceAll('"', part.includes('<') || part.startsWith('href') ? '"' : '&#34;'))
  })

  test('an image with an unsafe address is not a link', () => {
    expect(html('![x](javascript:alert(1)) ![y](data:text/html,z)')).not.toContain('<a ')
  })

  test('footnotes are numbered by first mention and end the text; an undefined one stays text', () => {
    const text =
      'One[^b] and two[^a], again[^b].\n\n[^a]: Note **a**\n[^b]: Note b\n    goes on\n\n[^c]: Alone\n\nAfter[^x].'
    const blocks = new Blocks()
    const read = blocks.read(text, false)
    expect(read.map(({ raw }) => raw.trim())).toEqual(['One[^b] and two[^a], again[^b].', 'After[^x].'])
    expect(blocks.footnotes.map(({ label, number, definition }) => [label, number, definition?.tokens.length])).toEqual(
      [
        ['b', 1, 1],
        ['a', 2, 1],
        ['c', 3, 1],
      ],
    )
    expect(html(text).match(/data-note-ref="\d"/g)).toEqual([
      'data-note-ref="1"',
      'data-note-ref="2"',
      'data-note-ref="1"',
    ])
    expect(html(text)).toContain('After[^x].')
    expect(html('`[^1]` and [^1]: no line of its own')).not.toContain('data-note-ref')
  })

  test('thousands of unclosed marks do not throw', () => {
    for (const mark of ['\\(', '\\[', '[^a]', '中**，', '~~，', '[^a]: x\n', '`', '见https://a.b/。'])
      expect(() => html(mark.repeat(3_000))).not.toThrow()
  })
})

test('raw HTML is shown as text, except for a few harmless tags', () => {
  expect(html('a <script>x</script> b')).not.toContain('<script')
  expect(html('<img src=x onerror=alert(1)>')).not.toContain('<img')
  expect(html('a<br>b H<sub>2</sub>O')).toContain('a<br>b H<sub>2</sub>O')
  expect(html('<b onclick="x">y</b>')).not.toContain('<b ')
})

test('links are http, https or mailto, and images come from allowed domains only', () => {
  expect(['https://a.b', 'HTTP://a.b', 'mailto:a@b.c', 'chatkit-link://x'].every(isSafeLink)).toBe(true)
  expect(
    ['javascript:alert(1)', ' javascript:x', 'data:text/html,x', 'vbscript:x', '//a.b', '/admin', 'file:///x'].some(
      isSafeLink,
    ),
  ).toBe(false)
  const allowed = ['example.com', '*.pictures.org']
  expect(isAllowedImage('https://example.com/a.png', allowed)).toBe(true)
  expect(isAllowedImage('https://a.pictures.org/a.png', allowed)).toBe(true)
  expect(isAllowedImage('data:image/png;base64,AA==', [])).toBe(true)
  for (const src of [
    'https://evil.com/a.png',
    'https://example.com.evil.com/a',
    'http://example.com/a',
    'https://notpictures.org/',
    'data:image/svg+xml,<svg>',
    '/a.png',
  ])
    expect(isAllowedImage(src, allowed), src).toBe(false)
})

test('sources are numbered once, and their marks are where the text cites them', () => {
  const url = (title: string, index: number) => ({
    type: 'annotation' as const,
    index,
    source: { type: 'url' as const, title, url: `https://${title}.com` },
  })
  const cited = listCitedSources([url('a', 3), url('b', 3), url('a', 99)])
  expect(cited.map(({ number, indexes }) => [number, indexes])).toEqual([
    [1, [3, 99]],
    [2, [3]],
  ])
  expect(markCitations('One two', cited)).toBe('One\uE2001\uE201\uE2002\uE201 two\uE2001\uE201')
  expect(markCitations('a\uE200b', [])).not.toContain('\uE200')
})

test('a screen reader hears words instead of marks', () => {
  const item = {
    type: 'assistant_message' as const,
    id: 'a',
    thread_id: 't',
    created_at: '',
    content: [{ type: 'output_text' as const, text: TEXT, annotations: [] }],
  }
  const spoken = toSpokenText([item])
  expect(spoken).toMatch(/^Plan Some bold and code ?, a link\. 1\. one 2\. two nested/)
  expect(spoken).not.toMatch(/[*`#|[\]]/)
  expect(toSpokenText([{ ...item, content: [{ type: 'output_text', text: 'So[^1].', annotations: [] }] }])).toBe('So.')
})
