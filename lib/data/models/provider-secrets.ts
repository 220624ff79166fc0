import { z } from 'zod'
import { HEADER_NAME } from '#lib/data/servers/server-config.ts'

// The client sets these itself, or they would change where or how a request goes.
const RESERVED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'content-type',
  'accept',
  'cookie',
  'te',
  'upgrade',
])
const HEADERS_MAX = 20

// What fetch cannot send it quotes in its error, which would take a key into the log.
const sendable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

const headerName = z
  .string()
  .trim()
  .regex(HEADER_NAME, 'A header name has letters, digits and hyphens.')
  .refine((name) => !RESERVED.has(name.toLowerCase()), 'This header is set by the client itself.')

/** What is sealed of a provider: its key and its extra headers. */
export const ProviderSecrets = z.strictObject({
  key: z
    .string()
    .trim()
    .max(4_000, 'must have at most 4,000 characters')
    .regex(sendable, 'must be one line of letters, digits and signs of ASCII')
    .optional(),
  headers: z
    .record(headerName, z.string().trim().max(4_000).regex(sendable, 'A header value is one line of ASCII.'))
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `There are at most ${HEADERS_MAX} headers.`)
    .default({}),
})
export type ProviderSecrets = z.infer<typeof ProviderSecrets>

/** The address under which a provider's API begins: http or https, without a name or a query. */
export const BaseUrl = z
  .string('must be an address such as https://models.example.com/v1')
  .trim()
  .max(500, 'must have at most 500 characters')
  .transform((text, context) => {
    const url = URL.parse(text)
    const isFit = url && /^https?:$/.test(url.protocol) && !(url.username || url.password || url.search || url.hash)
    if (isFit) return url.href.replace(/\/+$/, '')
    context.addIssue('must be an http or https address such as https://models.example.com/v1, without a query')
    return z.NEVER
  })
