import chardet from 'chardet'

/** How many bytes of a file are read to guess its encoding. */
const SAMPLE_BYTES = 64 * 1024
/**
 * Control characters that text does not contain: bytes that decode to them are something else. Line
 * ends, tabs and terminal escapes are allowed.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]/

export type DecodedText = { text: string; charset: string }

/**
 * Decodes bytes as text: UTF-8, UTF-16 with or without a byte order mark, or an older encoding that
 * a library recognizes (Windows-1252, Shift_JIS and others that browsers know). Null if they are
 * not text.
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
    // The bytes are not in this encoding, or the platform does not know it.
    return null
  }
}

/**
 * Detects UTF-16 by its byte order mark, or else by the position of the zero bytes in Latin text.
 */
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
