const UNITS = [
  '[kMGT]i?B/s|[kMG]b(?:it)?/s|km/h|m/s|mph|fps|rpm|dpi|ppm|[KMGT]iB|[KMGT]B',
  '%|‰|°[CF]?|[€$£¥₹₩₽₺¢]|USD|EUR|GBP|CHF|JPY|CNY|Mio\\.?|Mrd\\.?',
  '[kMGTPEmµμncdhp]?(?:m|g|s|l|L|W|V|A|J|N|Pa|Hz|B|bit|Wh|eV|Ω|mol|bar|cal)[²³]?',
  'ha|t|h|d|min|K|px|pt|em|rem|in|ft|yd|mi|oz|lbs?',
].join('|')
const NUMBER =
  "(?<![\\p{L}\\p{N}])[-+−±~≈<>≤≥]?\\d(?:[.,\u00a0\u202f’']?\\d| (?=\\d{3}(?!\\d))\\d)*(?:[–-]\\d[\\d.,]*)?"
/** A number followed by a unit, or preceded by a sign such as § or €. */
const MEASURE = new RegExp(`${NUMBER} (?:${UNITS})(?![\\p{L}\\p{N}])|[§№€$£¥₹] ${NUMBER}`, 'gu')

/** Longer texts (characters) are no sentences. */
const TEXT_MAX = 20_000

/**
 * Keeps a number and its unit on one line: "10 km" never breaks after "10". The text itself does
 * not change, for copying and searching.
 */
export function keepMeasuresTogether(root: DocumentFragment): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const texts: Text[] = []
  while (walker.nextNode()) texts.push(walker.currentNode as Text)
  for (const text of texts) {
    if (text.data.length > TEXT_MAX || !/\d/.test(text.data) || text.parentElement?.closest('code, pre')) continue
    const parts: (Node | string)[] = []
    let at = 0
    for (const { 0: measure, index } of text.data.matchAll(MEASURE)) {
      parts.push(text.data.slice(at, index), unbroken(measure))
      at = index + measure.length
    }
    if (at > 0) text.replaceWith(...parts, text.data.slice(at))
  }
}

function unbroken(measure: string): Node {
  const span = document.createElement('span')
  span.className = 'measure'
  span.textContent = measure
  return span
}
