/** What one picture costs a model, whatever its size: models scale it down. */
const IMAGE_TOKENS = 1_000
/** Base64 characters of a document to one token: text is a small part of a PDF. */
const FILE_CHARS_PER_TOKEN = 100
const BYTES_PER_TOKEN = 4

/**
 * About how many tokens a value costs as model input, a little more rather than less. Counted from its UTF-8 bytes, because
 * each model cuts text in its own way; pictures and files by what models make of them, not by their bytes.
 */
export function estimateTokens(value: unknown): number {
  let extra = 0
  const text = JSON.stringify(value, (key, entry) => {
    if (typeof entry !== 'string' || !entry.startsWith('data:')) return entry
    extra += key === 'file' ? Math.ceil(entry.length / FILE_CHARS_PER_TOKEN) : IMAGE_TOKENS
    return ''
  })
  return extra + Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}
