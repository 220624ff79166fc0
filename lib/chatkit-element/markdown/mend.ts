const PARTIAL_IMAGE = /!\[[^\]\n]*(?:\]\([^)\n]*|\])?$/
const PARTIAL_TARGET = /\[([^\]\n]*)\]\([^)\n]*$/
const PARTIAL_LABEL = /(^|[^!\]])\[([^\]\n]*)$/
const PARTIAL_TAG = /<\/?[a-z]*$/i
/** A line that may still grow into something else: an underline that would turn the line above into a heading, or a fence. */
const UNDECIDED_LINE = /\n[ \t]*(?:-+|=+|`{1,2}|~{1,2})[ \t]*$/
const DELIMITER = /`+|\*{1,3}|~~|(?<![\p{L}\p{N}])_{1,2}(?=\S)|(?<=\S)_{1,2}(?![\p{L}\p{N}])/gu

/**
 * The last block of a text that is still being written, closed as its author most likely will: a half-written link shows its label,
 * open emphasis and inline code end at the cursor, and what cannot be told yet is held back. So nothing flashes while it grows.
 */
export function mend(raw: string): string {
  if (/^ {0,3}(?:```|~~~)/.test(raw)) return raw
  if (/^\|/.test(raw) && raw.split('\n').length < 3 && !/\n\|[ :|-]*-[ :|-]*\n/.test(raw)) return ''
  const settled = raw
    .replace(UNDECIDED_LINE, '')
    .replace(PARTIAL_IMAGE, '')
    .replace(PARTIAL_TARGET, '$1')
    .replace(PARTIAL_LABEL, '$1$2')
    .replace(PARTIAL_TAG, '')
  const lineStart = settled.lastIndexOf('\n') + 1
  return settled.slice(0, lineStart) + closeInline(settled.slice(lineStart))
}

function closeInline(line: string): string {
  const open: string[] = []
  const text = line.replace(/^(\s*)[*+-](?=\s|$)/, '$1 ')
  for (const match of text.matchAll(DELIMITER)) {
    const [mark] = match
    const last = open.at(-1)
    if (last?.startsWith('`')) {
      if (mark === last) open.pop()
    } else if (mark === last) open.pop()
    else if (mark.startsWith('`') || /\S/.test(text[match.index + mark.length] ?? '')) open.push(mark)
    else if (match.index + mark.length === text.length) return closeInline(line.slice(0, -mark.length))
  }
  return line.replace(/\s+$/, '') + open.reverse().join('')
}
