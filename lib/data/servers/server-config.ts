import { z } from 'zod'

/** The form of an HTTP header's name. */
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/
// The transport sets these itself, or they would change where or how a request goes.
const RESERVED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'content-type',
  'accept',
  'cookie',
  'mcp-session-id',
])

const name = z.string().trim().min(1).max(100)
const template = z.string().trim().min(1).max(2_000)
const headerName = z
  .string()
  .trim()
  .regex(HEADER_NAME, 'A header name has letters, digits and hyphens.')
  .refine((header) => !RESERVED.has(header.toLowerCase()), 'This header is set by the connection itself.')

/** How a server learns for whom a call is made. */
export const Identity = z.discriminatedUnion('kind', [
  /** Not at all, apart from headers, `_meta` and bound arguments. */
  z.object({ kind: z.literal('none') }),
  /** A signed JWT for this server only, valid for 60 seconds, sent as the bearer token. */
  z.object({ kind: z.literal('token') }),
  /**
   * The person's own account there, connected by OAuth as MCP defines it. `clientId` is only needed
   * if the server does not register clients by itself. `issuer` names the authorization server at
   * which that client was registered: it goes to no other.
   */
  z.object({
    kind: z.literal('oauth'),
    scope: z.string().trim().max(1_000).optional(),
    clientId: z.string().trim().max(500).optional(),
    issuer: z
      .url({ protocol: /^https?$/, error: 'Write the whole address, such as https://auth.example.com' })
      .max(2_000)
      .optional(),
  }),
  /** A key that each person enters, sent in `header` in the form of `format`. */
  z.object({
    kind: z.literal('key'),
    header: headerName.default('Authorization'),
    format: template
      .refine((format) => format.includes('{{key}}'), 'Say with {{key}} where the key stands.')
      .default('Bearer {{key}}'),
    hint: z.string().trim().max(300).optional(),
  }),
])
export type Identity = z.infer<typeof Identity>

/**
 * How to talk to a server and what it may do. Values of headers, `_meta` and bound arguments are
 * templates (lib/mcp-client/servers/templates.ts).
 */
export const ServerConfig = z.object({
  transport: z.enum(['streamable_http', 'sse']).default('streamable_http'),
  identity: Identity.default({ kind: 'none' }),
  headers: z
    .array(z.object({ name: headerName, value: template }))
    .max(20)
    .default([]),
  meta: z
    .array(z.object({ name, value: template }))
    .max(20)
    .default([]),
  /**
   * Tool parameters that the model neither sees nor chooses. Every tool that has one gets the value
   * from the session.
   */
  bound: z
    .array(z.object({ parameter: name, value: template }))
    .max(20)
    .default([]),
  /** Tool names; `*` matches anything. An empty `allow` allows all. `deny` always wins. */
  allow: z.array(name).max(200).default([]),
  deny: z.array(name).max(200).default([]),
  /** A changed tool is not offered until an admin accepts its definition. */
  pinned: z.boolean().default(true),
  /** The server may answer with widgets. */
  trusted: z.boolean().default(false),
  /**
   * Calls of a tool need approval unless its annotations rule out destruction. Default: true,
   * unless the server is trusted.
   */
  asksUnannotated: z.boolean().optional(),
})
export type ServerConfig = z.infer<typeof ServerConfig>

/**
 * The secrets sealed next to a config: values of secret headers by name, and the secret of a
 * registered OAuth client.
 */
export const ServerSecrets = z.object({
  headers: z.record(headerName, template).default({}),
  clientSecret: z.string().max(2_000).optional(),
})
export type ServerSecrets = z.infer<typeof ServerSecrets>

/** A short, stable name that can prefix a tool's name. */
export const ServerName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'A name has at most 40 small letters, digits, hyphens and underscores.')

/** Who may use a server. */
export const Audience = z.enum(['everyone', 'admins'])
export type Audience = z.infer<typeof Audience>
