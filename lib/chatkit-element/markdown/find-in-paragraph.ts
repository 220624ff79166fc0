/**
 * Where a block of an extension may interrupt the paragraph at the beginning of a text: after the line
 * end that the pattern begins with. Looking further would read the whole text for each paragraph.
 */
export function findInParagraph(src: string, pattern: RegExp): number | undefined {
  const [paragraph = ''] = src.split(/\n\s*\n/, 1)
  const at = paragraph.search(pattern)
  return at < 0 ? undefined : at + 1
}
