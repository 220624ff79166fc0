/** Tokens of one picture of any size: models scale pictures down. */
const IMAGE_TOKENS = 1_000
/** Base64 characters of a document per token: text is a small part of a PDF. */
const FILE_CHARS_PER_TOKEN = 100
/** What a message, a call or a tool costs besides its words. */
const FRAME_TOKENS = 8
/** Counting takes time by the square of a word's length, so longer texts are counted in pieces. */
const PIECE_CHARS = 400
/** Fields whose values are no words of the input. */
const NO_WORDS = new Set(['type', 'role', 'status', 'detail', 'callId'])

/** Counts the tokens of a value as model input. */
export type CountTokens = (value: unknown) => number

/**
 * Loads the counter: exact for the words of OpenAI's models, near for others, and never much too
 * low (docs/decisions/context.md). Loading takes a tenth of a second, once for each process.
 */
export async function loadCounter(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // A text that looks like a control token is text.
  const plain = { disallowedSpecial: new Set<string>() }
  return (value) => {
    const { texts, extra } = readWords(value)
    let tokens = extra
    for (const text of texts)
      for (let at = 0; at < text.length; at += PIECE_CHARS)
        tokens += countTokens(text.slice(at, at + PIECE_CHARS), plain)
    return tokens
  }
}

/** The words of a value, and what the rest of it costs. */
function readWords(value: unknown): { texts: string[]; extra: number } {
  const texts: string[] = []
  let extra = 0
  const walk = (entry: unknown, key: string) => {
    if (typeof entry === 'string') {
      if (NO_WORDS.has(key)) return
      if (!entry.startsWith('data:')) texts.push(entry)
      else extra += key === 'file' ? Math.ceil(entry.length / FILE_CHARS_PER_TOKEN) : IMAGE_TOKENS
    } else if (Array.isArray(entry)) for (const one of entry) walk(one, key)
    else if (entry !== null && typeof entry === 'object') {
      if ('type' in entry || 'parameters' in entry) extra += FRAME_TOKENS
      // A schema's names and values are words, too.
      if (key === 'parameters') texts.push(JSON.stringify(entry))
      else for (const [name, one] of Object.entries(entry)) walk(one, name)
    } else if (entry !== undefined) texts.push(String(entry))
  }
  walk(value, '')
  return { texts, extra }
}

/** The beginning of a text that has at most `max` tokens, with a mark if something is left out. */
export function clipToTokens(text: string, max: number, count: CountTokens): string {
  const size = count(text)
  if (size <= max) return text
  let end = Math.floor((text.length * Math.max(0, max - FRAME_TOKENS)) / size)
  while (end > 0 && count(text.slice(0, end)) > max) end = Math.floor(end * 0.9)
  // Never half of a pair.
  const cut = text.slice(0, end).replace(/[\ud800-\udbff]$/, '')
  return `${cut} […]`
}
