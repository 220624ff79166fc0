import chardet from 'chardet'

/** How much of a file is looked at to guess its encoding, in bytes. */
const SAMPLE_BYTES = 64 * 1024
/** No text has these: what decodes to them is something else. Line ends, tabs and the escapes of terminals are no sign. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]/

export type DecodedText = { text: string; charset: string }

/**
 * The text that bytes are: UTF-8, UTF-16 with or without its mark, or an older encoding that a library recognises (Windows-1252,
 * Shift_JIS and the others that browsers know). Null if they are no text.
 */
export function decodeText(bytes: Uint8Array): DecodedText | null {
  const marked = utf16Of(bytes)
  if (marked) return decode(bytes, marked)
  if (bytes.includes(0)) return null
  return decode(bytes, 'utf-8') ?? guess(bytes)
}

function guess(bytes: Uint8Array): DecodedText | null {
  for (const { name } of chardet.analyse(bytes.subarray(0, SAMPLE_BYTES))) {
    const decoded = /^(?:UTF|ISO-2022)/i.test(name) ? null : decode(bytes, name)
    if (decoded && !CONTROLS.test(decoded.text)) return decoded
  }
  return null
}

function decode(bytes: Uint8Array, label: string): DecodedText | null {
  try {
    const decoder = new TextDecoder(label, { fatal: true })
    return { text: decoder.decode(bytes), charset: decoder.encoding }
  } catch {
    // Not of this encoding, or one that the platform does not know.
    return null
  }
}

/** By its mark; without one by where the zeros of Latin letters are. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  if (bytes.byteLength % 2 !== 0 || sample.length < 4) return null
  const zeros = [0, 0]
  for (const [at, byte] of sample.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  const enough = sample.length / 4
  if (even === 0 && odd > enough) return 'utf-16le'
  return odd === 0 && even > enough ? 'utf-16be' : null
}
