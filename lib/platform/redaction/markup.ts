import { findSecrecy, NAMING } from '#lib/platform/redaction/secret-names.ts'
import { isSecretText } from '#lib/platform/redaction/secret-values.ts'
import type { Span } from '#lib/platform/redaction/spans.ts'

const TAG = /<([A-Za-z][\w:.-]{0,79})(\s[^<>]{0,400})?>/y
const LISTED = /<key>([^<]{1,80})<\/key>(?:\s|\\{1,64}[nrt]){0,20}<(?:string|data|integer)>/y
const ATTRIBUTE = /\s([\w:-]{1,40})=\\{0,8}["']([^"'\\]{1,80})\\{0,8}["']/g

/**
 * Finds the content of the XML element that begins at `at`, if its name or a naming attribute is
 * telling.
 */
export function findElement(text: string, at: number): Span[] {
  LISTED.lastIndex = at
  const listed = LISTED.exec(text)
  if (listed) return findSecrecy(listed[1] ?? '') ? findContent(text, LISTED.lastIndex) : []
  TAG.lastIndex = at
  const [, name = '', attributes = ''] = TAG.exec(text) ?? []
  if (name === '' || attributes.endsWith('/')) return []
  const start = TAG.lastIndex
  const named = [...attributes.matchAll(ATTRIBUTE)].find(
    ([, attribute = '', value = '']) => NAMING.test(attribute) && findSecrecy(value),
  )
  return findSecrecy(name) || (named && !/^(?:input|label|button|a|p|h\d|div|span|td|th|li)$/i.test(name))
    ? findContent(text, start)
    : []
}

function findContent(text: string, start: number): Span[] {
  const marked = text.startsWith('<![CDATA[', start)
  const from = marked ? start + 9 : start
  const found = text.indexOf(marked ? ']]>' : '<', from)
  const end = found < 0 ? text.length : found
  // Text that is not an element has no end. It counts only if the text was cut off in the middle of
  // a value.
  const said = text.slice(from, Math.min(end, from + 200))
  const whole = found < 0 ? !/\s/.test(said) : marked || text[found + 1] === '/' || text.startsWith('\\/', found + 1)
  return whole && isSecretText(said, 'strong') ? [{ start: from, end }] : []
}

const BLANK_LINE =
  /(?:;[^\r\n\\]{0,200})?(?:\r?\n|\\{1,64}r\\{1,64}n|\\{1,64}n)(?:[\w-]{1,40}:[^\r\n\\]{0,200}(?:\r?\n|\\{1,64}r\\{1,64}n|\\{1,64}n)){0,4}(?:\r?\n|\\{1,64}r\\{1,64}n|\\{1,64}n)/y

/**
 * Finds the value of a multipart form field whose name ends at `behind`: everything up to the next
 * boundary.
 */
export function findMultipartValue(text: string, at: number, behind: number): Span | undefined {
  if (!/form-data;[^\n]{0,20}$/i.test(text.slice(Math.max(0, at - 40), at))) return undefined
  BLANK_LINE.lastIndex = behind
  if (!BLANK_LINE.exec(text)) return undefined
  const start = BLANK_LINE.lastIndex
  const rest = text.indexOf('--', start)
  const end = rest < 0 ? text.length : rest
  return end > start ? { start, end } : undefined
}

const BLOCK = /[|>][+-]?[ \t]{0,8}(?:\r?\n|\\{1,64}n)[ \t]{1,40}(?=\S)/y
const BLOCK_END = /\n|(?<!\\)\\{1,64}[rn"]|"/g
// The recovery phrase of a wallet has at least twelve words.
const PHRASE = /(?:[a-z]{3,8} ){11,23}[a-z]{3,8}/y

/**
 * Finds a YAML block value below its name, up to the end of its first line; or a phrase of many
 * words.
 */
export function findBlock(text: string, start: number): Span | undefined {
  PHRASE.lastIndex = start
  if (PHRASE.test(text)) return { start, end: PHRASE.lastIndex }
  BLOCK.lastIndex = start
  if (!BLOCK.test(text)) return undefined
  BLOCK_END.lastIndex = BLOCK.lastIndex
  return { start: BLOCK.lastIndex, end: BLOCK_END.exec(text)?.index ?? text.length }
}
