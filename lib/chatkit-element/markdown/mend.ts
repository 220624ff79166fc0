const PARTIAL_IMAGE = /!\[[^\]\n]*(?:\]\([^)\n]*|\])?$/
const PARTIAL_TARGET = /(?<!\\)\[([^\]\n]*)\]\([^)\n]*$/
/** The beginning of a footnote reference, or a line that may become a footnote. */
const PARTIAL_FOOTNOTE = /\[\^[^\]\n]*$|(?:^|\n) {0,3}\[\^[^\]\n]*\]$/
const PARTIAL_LABEL = /(^|[^!\]\\])\[([^\]\n]*)$/
const PARTIAL_TAG = /<\/?[a-z]*$/i
/**
 * A line that may still become something else: an underline that would make the line above a
 * heading, or a fence.
 */
const UNDECIDED_LINE = /\n[ \t]*(?:-+|=+|`{1,2}|~{1,2})[ \t]*$/
const DELIMITER = /\\[\s\S]|\$\$|`+|\*{1,3}|~~|(?<![\p{L}\p{N}])_{1,2}(?=\S)|(?<=\S)_{1,2}(?![\p{L}\p{N}])/gu
/** A fence at the start of a line, also in a list or a quote. */
const FENCE = /^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*(`{3,}|~{3,})/
/** Code in a line, or the beginning or end of a formula. */
const FORMULA_MARK = /(`+)[^`\n]+\1|\\[\s\S]|\$\$/g
const FORMULA_END = new Map([
  ['\\(', '\\)'],
  ['\\[', '\\]'],
  ['$$', '$$'],
])
/** A block that is longer (characters) is shown as it comes: looking for its open ends takes too long. */
const MENDED_MAX = 20_000
/** A formula that is longer (characters) is shown as it is written. */
const FORMULA_MAX = 2_000

/**
 * Closes the last block of a text that is still being written in the most likely way: a partial
 * link shows its label, open emphasis and inline code end at the cursor, and ambiguous text is held
 * back, and so is a formula without its end. This avoids flicker while the text grows.
 */
export function mend(raw: string): string {
  const fence = openFence(raw)
  if (fence) return raw.replace(new RegExp(`\\n[ \\t>]*${fence[0]}{1,${fence.length - 1}}[ \\t]*$`), '')
  if (/^ {0,3}(?:```|~~~)/.test(raw)) return raw
  if (raw.length > MENDED_MAX) return raw
  if (/^\|/.test(raw) && raw.split('\n').length < 3 && !/\n\|[ :|-]*-[ :|-]*\n/.test(raw)) return ''
  const settled = withoutOpenFormula(raw)
    .replace(UNDECIDED_LINE, '')
    .replace(PARTIAL_IMAGE, '')
    .replace(PARTIAL_TARGET, '$1')
    .replace(PARTIAL_FOOTNOTE, '')
    .replace(PARTIAL_LABEL, '$1$2')
    .replace(PARTIAL_TAG, '')
  const lineStart = settled.lastIndexOf('\n') + 1
  return settled.slice(0, lineStart) + closeInline(settled.slice(lineStart).trimEnd())
}

function withoutOpenFormula(raw: string): string {
  let at = -1
  let end = ''
  for (const { 0: mark, index } of raw.matchAll(FORMULA_MARK)) {
    if (end && mark === end) end = ''
    else if (!end && FORMULA_END.has(mark)) {
      end = FORMULA_END.get(mark) ?? ''
      at = index
    }
  }
  return end && raw.length - at < FORMULA_MAX ? raw.slice(0, at) : raw
}

/** The fence that is still open at the end of the text; '' if there is none. */
function openFence(raw: string): string {
  let open = ''
  for (const line of raw.split('\n')) {
    const [, fence] = FENCE.exec(line) ?? []
    if (!fence) continue
    if (!open) open = fence
    else if (fence[0] === open[0] && fence.length >= open.length && line.trimEnd().endsWith(fence)) open = ''
  }
  return open
}

function closeInline(line: string): string {
  const open: string[] = []
  let formula = ''
  const text = line.replace(/^(\s*)[*+-](?=\s|$)/, '$1 ')
  for (const match of text.matchAll(DELIMITER)) {
    const [mark] = match
    const last = open.at(-1)
    const end = match.index + mark.length
    if (last?.startsWith('`')) {
      if (mark === last) open.pop()
      // These backticks may still become the end of this code.
      else if (mark.startsWith('`') && end === text.length) return closeInline(line.slice(0, -mark.length))
    } else if (formula) {
      if (mark === formula) formula = ''
    } else if (mark.startsWith('\\') || mark === '$$') formula = FORMULA_END.get(mark) ?? ''
    else if (mark === last) open.pop()
    else if (end === text.length) return closeInline(line.slice(0, -mark.length))
    else if (mark.startsWith('`') || /\S/.test(text[end] ?? '')) open.push(mark)
  }
  return line.trimEnd() + open.reverse().join('')
}
