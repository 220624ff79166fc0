import type { ComposerOption } from '@openai/chatkit'

/** The page's `composer.attachments`. */
export type AttachmentOption = NonNullable<ComposerOption['attachments']>

const DEFAULT_MAX_BYTES = 100 * 1024 * 1024
const DEFAULT_MAX_COUNT = 10

/** Why a file is refused. `limit` is in bytes for `size` and a number of files for `count`. */
export type Refusal =
  | { reason: 'type' }
  | { reason: 'size'; limit: number }
  | { reason: 'count'; limit: number }
  | { reason: 'empty' }

/**
 * Why a file may not be attached beside `count` others; null if it may. The server checks again.
 */
export function findRefusal(
  file: Pick<File, 'name' | 'type' | 'size'>,
  count: number,
  option: AttachmentOption,
): Refusal | null {
  const maxCount = option.maxCount ?? DEFAULT_MAX_COUNT
  if (count >= maxCount) return { reason: 'count', limit: maxCount }
  if (!isAccepted(file, option.accept)) return { reason: 'type' }
  if (file.size === 0) return { reason: 'empty' }
  const limit = maxBytes(file.type, option.maxSize)
  return file.size > limit ? { reason: 'size', limit } : null
}

/** The `accept` attribute of a file input: MIME types and extensions in one list. */
export function toAcceptAttribute(accept: AttachmentOption['accept']): string | undefined {
  const parts = Object.entries(accept ?? {}).flatMap(([mime, extensions]) => [mime, ...extensions])
  return parts.length ? parts.join(',') : undefined
}

function isAccepted({ name, type }: Pick<File, 'name' | 'type'>, accept: AttachmentOption['accept']): boolean {
  const entries = Object.entries(accept ?? {})
  if (!entries.length) return true
  const lower = name.toLowerCase()
  return entries.some(
    ([mime, extensions]) =>
      matchesMime(type, mime) || extensions.some((ending) => lower.endsWith(ending.toLowerCase())),
  )
}

/**
 * The limit in bytes of the most specific pattern: the type itself, its family, then `*` or an
 * empty pattern.
 */
function maxBytes(type: string, maxSize: AttachmentOption['maxSize']): number {
  if (typeof maxSize === 'number') return maxSize
  const family = `${type.split('/')[0]}/*`
  return maxSize?.[type || '*'] ?? maxSize?.[family] ?? maxSize?.['*'] ?? maxSize?.[''] ?? DEFAULT_MAX_BYTES
}

function matchesMime(type: string, pattern: string): boolean {
  if (pattern === '*' || pattern === '*/*') return true
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}
