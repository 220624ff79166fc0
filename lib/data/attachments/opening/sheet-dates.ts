import { walkXml } from './walk-xml.ts'

const DAY_MS = 86_400_000
/** The formats of dates and times that every program knows by number, without those of durations. */
const DATE_FORMATS = new Set([
  14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 45, 47, 50, 51, 52, 53, 54, 55, 56, 57,
  58,
])
/** Parts of a format that are shown as they are, or name a colour, a language or a duration. */
const LITERAL = /"[^"]*"|\\.|\[[^\]]*\]/g

/**
 * Returns a function that writes a number as the date or time that its style makes of it, in the
 * form of ISO 8601; null for any other number.
 */
export function makeDateReader(
  styles: Uint8Array | null,
  is1904: boolean,
): (value: number, style: number) => string | null {
  const dates = new Set(DATE_FORMATS)
  const formats: number[] = []
  let isCellFormats = false
  if (styles)
    walkXml(styles, {
      open: ({ name, attributes: { numFmtId, formatCode = '' } }) => {
        if (name === 'numFmt' && /[ymdhs]/i.test(formatCode.replace(LITERAL, ''))) dates.add(Number(numFmtId))
        else if (name === 'cellXfs') isCellFormats = true
        else if (name === 'xf' && isCellFormats) formats.push(Number(numFmtId ?? 0))
      },
      close: (name) => {
        if (name === 'cellXfs') isCellFormats = false
      },
    })
  const epoch = is1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30)
  return (value, style) => {
    const format = formats[style]
    if (format === undefined || !dates.has(format) || !(value >= 0 && value < 2_958_466)) return null
    // Rounded to seconds: a number has no exact fraction of a day.
    const seconds = Math.round((value * DAY_MS) / 1_000)
    const [day = '', time = ''] = new Date(epoch + seconds * 1_000).toISOString().slice(0, 19).split('T')
    if (value < 1) return time
    return time === '00:00:00' ? day : `${day} ${time}`
  }
}
