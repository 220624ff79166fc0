import { z } from 'zod'
import { Audience, type Identity, ServerConfig, ServerName, ServerSecrets } from '#lib/data/servers/server-config.ts'
import type { ServerWish, StoredServer } from '#lib/data/servers/servers.ts'
import { isSameIssuer } from '#lib/mcp-client/accounts/client-issuer.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import { findReach, toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { listUnknownNames } from '#lib/mcp-client/servers/templates.ts'
import { requireReachable } from '#lib/mcp-client/wire/network-fetch.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Reads the form of a server. `before` is the server being changed: it keeps its secrets if their
 * fields are empty. Throws bad_request.
 */
export function parseServerForm(form: FormData, before?: StoredServer): ServerWish {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const url = readUrl(text('url'))
  const secretHeaders = Object.fromEntries(
    pairs(text('secretHeaders'), ':', 'Secret headers').map(({ name, value }) => [name, value]),
  )
  const kept = text('secretHeaders') === '' ? (before?.secrets?.headers ?? {}) : secretHeaders
  const wish = {
    name: text('name'),
    url,
    audience: text('audience'),
    config: {
      transport: text('transport') || undefined,
      identity: identityOf(text),
      headers: pairs(text('headers'), ':', 'Headers'),
      meta: pairs(text('meta'), '=', 'Request metadata'),
      bound: pairs(text('bound'), '=', 'Bound arguments').map(({ name, value }) => ({ parameter: name, value })),
      allow: list(text('allow')),
      deny: list(text('deny')),
      pinned: form.get('pinned') === 'on',
      trusted: form.get('trusted') === 'on',
      asksUnannotated: form.get('asksUnannotated') === 'on',
    },
    secrets: {
      headers: form.get('dropSecrets') === 'on' ? {} : kept,
      clientSecret: text('clientSecret') || before?.secrets?.clientSecret,
    },
  }
  const parsed = Wish.safeParse(wish)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new AppError(
      'bad_request',
      `${LABELS[String(issue?.path.at(-1))] ?? LABELS[String(issue?.path[1])] ?? 'The form'}: ${issue?.message}`,
    )
  }
  requireKnownNames(parsed.data)
  requireIssuer(parsed.data, text('clientSecret') === '' ? before : undefined)
  requireAllowed(parsed.data)
  return parsed.data
}

const Wish = z.object({
  name: ServerName,
  url: z.string(),
  audience: Audience,
  config: ServerConfig,
  secrets: ServerSecrets,
})

const LABELS: Record<string, string> = {
  name: 'Name',
  headers: 'Headers',
  meta: 'Request metadata',
  bound: 'Bound arguments',
  allow: 'Allowed tools',
  deny: 'Denied tools',
  format: 'Format of the key',
  header: 'Header of the key',
  identity: 'Identity',
  issuer: 'Issuer',
}

function readUrl(text: string): string {
  const url = URL.parse(text)
  if (!url) throw new AppError('bad_request', 'Address: write the whole address, such as https://tools.example.com/mcp')
  url.hash = ''
  return url.href
}

function identityOf(text: (name: string) => string): Partial<Identity> & { kind: string } {
  const kind = text('identity') || 'none'
  const given = (name: string) => text(name) || undefined
  if (kind === 'oauth') return { kind, scope: given('scope'), clientId: given('clientId'), issuer: given('issuer') }
  if (kind === 'key') return { kind, header: given('keyHeader'), format: given('keyFormat'), hint: given('keyHint') }
  return { kind } as { kind: 'none' }
}

/** Parses lines of a name, a separator and a value. */
function pairs(text: string, sign: string, label: string): { name: string; value: string }[] {
  return lines(text).map((line) => {
    const at = line.indexOf(sign)
    if (at < 1) throw new AppError('bad_request', `${label}: each line needs a name, “${sign}” and a value.`)
    return { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() }
  })
}

const list = (text: string) => text.split(/[\s,]+/).filter(Boolean)
const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

function requireKnownNames({ config, secrets }: ServerWish): void {
  const templates = [...config.headers, ...config.meta, ...config.bound]
    .map(({ value }) => value)
    .concat(Object.values(secrets.headers))
  const unknown = templates.flatMap(listUnknownNames)
  if (unknown.length > 0)
    throw new AppError('bad_request', `{{${unknown[0]}}} is not one of the values that there are.`)
}

/** `kept` is the server whose secret is kept: it was entered for that issuer. */
function requireIssuer({ config: { identity }, secrets }: ServerWish, kept: StoredServer | undefined): void {
  if (identity.kind !== 'oauth' || !identity.clientId || !secrets.clientSecret) return
  if (!identity.issuer)
    throw new AppError(
      'bad_request',
      'Issuer: enter the address of the authorization server that the client is registered at. Its secret is sent nowhere else.',
    )
  const before = kept?.config.identity
  if (before?.kind === 'oauth' && before.issuer && !isSameIssuer(before.issuer, identity.issuer))
    throw new AppError('bad_request', 'Client secret: enter it again, because the stored one is for another issuer.')
}

function requireAllowed(wish: ServerWish): void {
  const stored = { ...wish, id: '', enabled: false, createdAt: new Date(), updatedAt: new Date() }
  try {
    requireReachable(new URL(wish.url), findReach(toMcpServer(stored)))
  } catch (error) {
    if (error instanceof Refusal) throw new AppError('bad_request', `Address: ${error.message}`, { cause: error })
    throw error
  }
}
