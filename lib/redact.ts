import { storableText } from '#lib/storable.ts'

const SECRET_KEY = /pass(word|phrase|wd)?$|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|^otp$|^pin$|^cvv$/i

// Every repetition is anchored or bounded: a 10 MB tool result must not take quadratic time.
// What a pattern captures is kept.
const SECRET_VALUE = [
  /\bBearer\s+[\w.~+/-]{12,}=*/gi,
  // Looked for from the start of a run of its characters only, in whose middle every `-` would begin another search.
  /(?<![\w-])([\w-]{0,64}?)\beyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{8,1024}/g,
  /\b(?:sk|pk|rk|ghp|gho|ghs|github_pat|xox[abp]|swb|glpat|AKIA)[-_]?[A-Za-z0-9_-]{16,}/g,
  /\bsw[or]_[\w-]{40,}/g,
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----)){0,8192}-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  /\b(\w{1,30}:\/\/[^\s:/@]{1,256}:)[^\s@/]{1,1024}(?=@)/g,
]

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]'

/** Text with everything that looks like a secret (bearer tokens, JWTs, API keys, private keys, passwords in URLs) replaced. */
export function redactText(text: string): string {
  let out = text
  for (const pattern of SECRET_VALUE) out = out.replace(pattern, (_match, kept) => (typeof kept === 'string' ? kept + REDACTED : REDACTED))
  return out
}

// Tools often answer with JSON inside a text: its key names tell secrets too.
function redactString(text: string, depth: number): string {
  if (/^\s*[[{]/.test(text)) {
    try {
      const parsed: unknown = JSON.parse(text)
      const safe = JSON.stringify(redact(parsed, depth + 1))
      if (safe !== JSON.stringify(parsed)) return safe
    } catch {
      // Not JSON after all: judged as plain text.
    }
  }
  return redactText(storableText(text))
}

/** A copy of a JSON value without secrets: values under telling key names and texts that look like secrets are replaced. Deeper than 32 levels is cut. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactString(value, depth)
  if (value === null || typeof value !== 'object') return value
  if (depth >= 32) return '[too deep]'
  if (Array.isArray(value)) return value.map((entry) => redact(entry, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      storableText(key),
      SECRET_KEY.test(key) && entry !== null && entry !== '' ? REDACTED : redact(entry, depth + 1),
    ]),
  )
}

/** A JSON value made ready to be stored: redacted, and replaced by its first `maxBytes` of text when larger. `bytes` is the true size. */
export function clipJson(value: unknown, maxBytes: number): { value: unknown; bytes: number } {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? 'null')
  const safe = redact(value)
  if (bytes <= maxBytes) return { value: safe, bytes }
  const text = Buffer.from(JSON.stringify(safe)).subarray(0, maxBytes).toString('utf8').replace(/�+$/, '')
  return { value: { clipped: true, text }, bytes }
}
