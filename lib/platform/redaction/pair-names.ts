/** What stands before a sign: a name that may be that of a secret. */
export type PairName = { name: string; quoted: boolean; start: number }

const NAME_MAX_CHARS = 64

/** The name's last word: what is after its last blank or dot. */
export function readLastWord(name: string): string {
  return name.slice(Math.max(name.lastIndexOf(' '), name.lastIndexOf('.')) + 1)
}

const NAME_CHARACTER = /[\p{L}\p{N}_$.%[\]-]/u

/** Returns the name that ends before `at`: a quoted text, or up to three unquoted words. */
export function findNameBefore(text: string, at: number): PairName | undefined {
  let end = at
  while (end > 0 && at - end < 20 && /[\s?!*]/.test(text[end - 1] ?? '')) end -= 1
  const quote = text[end - 1] ?? ''
  const floor = Math.max(0, end - NAME_MAX_CHARS - 2)
  if (quote === '"' || quote === "'" || quote === '`') {
    const opened = text.slice(floor, end - 1).lastIndexOf(quote)
    if (opened < 0) return undefined
    const name = text.slice(floor + opened + 1, end - 1).replace(/\\+$/, '')
    return /\n/.test(name) ? undefined : { name, quoted: true, start: floor + opened }
  }
  // Only JSON, whose names are quoted, may begin a value on the next line.
  if (/\n/.test(text.slice(end, at))) return undefined
  let start = end
  for (let words = 1; start > floor; start -= 1) {
    const character = text[start - 1] ?? ''
    if (NAME_CHARACTER.test(character)) continue
    if (character !== ' ' || words === 3 || !NAME_CHARACTER.test(text[start - 2] ?? '')) break
    words += 1
  }
  return start < end ? { name: text.slice(start, end), quoted: false, start } : undefined
}

/** True if only a list mark or a shell keyword precedes the name on its line. */
export function isAtLineStart(text: string, start: number): boolean {
  const line = text.slice(Math.max(0, start - 24), start)
  const begin = Math.max(line.lastIndexOf('\n'), line.lastIndexOf('\\n') + (line.includes('\\n') ? 1 : 0))
  if (begin < 0 && start > 24) return false
  return /^[\s>*#/+-]*(?:export |set |setx |ENV |ARG )?$/.test(line.slice(begin + 1))
}
