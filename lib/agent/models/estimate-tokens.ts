/** Tokens of one picture of any size: models scale pictures down. */
const IMAGE_TOKENS = 1_000
/** Base64 characters of a document per token: text is a small part of a PDF. */
const FILE_CHARS_PER_TOKEN = 100
const BYTES_PER_TOKEN = 4

/**
 * Estimates how many tokens a value costs as model input, a little more rather than less. Text
 * counts by its UTF-8 bytes, because each model has its own tokenizer. Pictures and files count by
 * what models make of them, not by their bytes.
 */
export function estimateTokens(value: unknown): number {
  return sizeOf(value, BYTES_PER_TOKEN)
}

/** The most tokens that a value can cost: none has less than one byte. */
export function boundTokens(value: unknown): number {
  return sizeOf(value, 1)
}

function sizeOf(value: unknown, bytesPerToken: number): number {
  let extra = 0
  const text = JSON.stringify(value, (key, entry) => {
    if (typeof entry !== 'string' || !entry.startsWith('data:')) return entry
    extra += key === 'file' ? Math.ceil(entry.length / FILE_CHARS_PER_TOKEN) : IMAGE_TOKENS
    return ''
  })
  return extra + Math.ceil(Buffer.byteLength(text ?? '') / bytesPerToken)
}
