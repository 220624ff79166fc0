import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Blocks } from '#lib/chatkit-element/markdown/blocks.ts'
import { citedSources, markCitations } from '#lib/chatkit-element/markdown/citations.ts'
import { blockToHtml } from '#lib/chatkit-element/markdown/html.ts'
import { isAllowedImage, isSafeLink } from '#lib/chatkit-element/markdown/links.ts'
import { mend } from '#lib/chatkit-element/markdown/mend.ts'
import { spokenText } from '#lib/chatkit-element/state/plain-text.ts'
import { english } from '#lib/chatkit-element/strings.ts'

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
    ['a bullet is no emphasis', '* one *two', '* one *two*'],
    ['a fence is left alone', '```ts\nconst a = `', '```ts\nconst a = `'],
    ['a table waits for its second line', '| a | b |\n| -', ''],
    ['half a tag waits', 'line<b', 'line'],
    ['two times three stays', '2 * 3 = 6', '2 * 3 = 6'],
  ])('%s', (_, raw, shown) => expect(mend(raw).trimEnd()).toBe(shown.trimEnd()))

  test('reading piece by piece ends in the same blocks as reading at once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: TEXT.length }), { maxLength: 12 }), (cuts) => {
        const blocks = new Blocks()
        for (const cut of cuts.sort((a, b) => a - b)) blocks.read(TEXT.slice(0, cut), true)
        expect(blocks.read(TEXT, false).map(({ raw }) => raw)).toEqual(new Blocks().read(TEXT, false).map(({ raw }) => raw))
      }),
    )
  })

  test('blocks that are complete keep their identity while the text grows', () => {
    const blocks = new Blocks()
    const before = blocks.read(`${TEXT}\n\nAnd`, true)
    const after = blocks.read(`${TEXT}\n\nAnd more`, true)
    expect(after.slice(0, 4).every((block, at) => block.token === before[at]?.token)).toBe(true)
  })

  test('windows line ends and a text that changes under way are read all the same', () => {
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

test('raw HTML is shown as the text that it is, but for a few harmless tags', () => {
  const html = (text: string) =>
    new Blocks()
      .read(text, false)
      .map(({ token }) => blockToHtml(token, { strings: english, imageDomains: [] }))
      .join('')
  expect(html('a <script>x</script> b')).not.toContain('<script')
  expect(html('<img src=x onerror=alert(1)>')).not.toContain('<img')
  expect(html('a<br>b H<sub>2</sub>O')).toContain('a<br>b H<sub>2</sub>O')
  expect(html('<b onclick="x">y</b>')).not.toContain('<b ')
})

test('links go to the web and to mail only, images come from allowed domains only', () => {
  expect(['https://a.b', 'HTTP://a.b', 'mailto:a@b.c', 'chatkit-link://x'].every(isSafeLink)).toBe(true)
  expect(['javascript:alert(1)', ' javascript:x', 'data:text/html,x', 'vbscript:x', '//a.b', '/admin', 'file:///x'].some(isSafeLink)).toBe(
    false,
  )
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

test('sources are numbered once, and their marks stand where the text rests on them', () => {
  const url = (title: string, index: number) => ({
    type: 'annotation' as const,
    index,
    source: { type: 'url' as const, title, url: `https://${title}.com` },
  })
  const cited = citedSources([url('a', 3), url('b', 3), url('a', 99)])
  expect(cited.map(({ number, indexes }) => [number, indexes])).toEqual([
    [1, [3, 99]],
    [2, [3]],
  ])
  expect(markCitations('One two', cited)).toBe('One\uE2001\uE201\uE2002\uE201 two\uE2001\uE201')
  expect(markCitations('a\uE200b', [])).not.toContain('\uE200')
})

test('a screen reader hears words, not marks', () => {
  const item = {
    type: 'assistant_message' as const,
    id: 'a',
    thread_id: 't',
    created_at: '',
    content: [{ type: 'output_text' as const, text: TEXT, annotations: [] }],
  }
  const spoken = spokenText([item])
  expect(spoken).toMatch(/^Plan Some bold and code ?, a link\. 1\. one 2\. two nested/)
  expect(spoken).not.toMatch(/[*`#|[\]]/)
})
