import { findAccount } from '#lib/data/servers/server-accounts.ts'
import { needsAccount } from '#lib/mcp-client/accounts/accounts.ts'
import { readTemplateFacts } from '#lib/mcp-client/connection/identity.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import {
  resolveHeader,
  resolveTemplate,
  type TemplateFacts,
  UnresolvedTemplate,
} from '#lib/mcp-client/servers/templates.ts'
import { env } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

/**
 * One value that a server receives: where it goes, what it is, and whether it could be resolved.
 */
export type SentValue = { where: 'header' | '_meta' | 'argument'; name: string; value: string; problem?: true }

const EXAMPLE = { run: { id: 'run_example' }, thread: { id: 'thr_example' } }

/**
 * Previews what a server would see of a person, without contacting it. Secrets are hidden. A value
 * that cannot be resolved says so.
 */
export async function previewIdentity(server: McpServer, userId: string): Promise<SentValue[]> {
  const { config, secrets } = server
  if (!config) return []
  const facts = { ...(await readTemplateFacts({ userId })), ...EXAMPLE }
  const told: SentValue[] = []
  const tell = (where: SentValue['where'], name: string, resolve: () => string) =>
    told.push({ where, name, ...tryResolve(resolve) })
  if (config.identity.kind === 'token')
    tell('header', 'Authorization', () => `Bearer <JWT> ${JSON.stringify(claims(server, facts))}`)
  if (needsAccount(server)) await previewAccount(server, userId, told)
  for (const { name, value } of config.headers) tell('header', name, () => resolveHeader(value, facts))
  for (const [name, value] of Object.entries(secrets?.headers ?? {}))
    tell('header', name, () =>
      value.includes('{{') ? resolveHeader(value, facts) && '(hidden, with what templates say)' : '(hidden)',
    )
  for (const { name, value } of config.meta) tell('_meta', name, () => resolveTemplate(value, facts))
  for (const { parameter, value } of config.bound) tell('argument', parameter, () => resolveTemplate(value, facts))
  return told
}

async function previewAccount(server: McpServer, userId: string, told: SentValue[]): Promise<void> {
  const { identity } = server.config ?? {}
  const name = identity?.kind === 'key' ? identity.header : 'Authorization'
  const account = await findAccount({ userId }, server.id ?? '')
  if (account) told.push({ where: 'header', name, value: '(hidden: this person’s own account)' })
  else
    told.push({
      where: 'header',
      name,
      value: 'Nothing is sent: this person has not connected an account.',
      problem: true,
    })
}

function claims({ url }: McpServer, { user }: TemplateFacts) {
  const { id, email, name, role } = user
  return { iss: env().APP_URL, aud: url, sub: id, ...(email && { email, email_verified: true }), name, role }
}

function tryResolve(resolve: () => string): { value: string; problem?: true } {
  try {
    return { value: resolve() }
  } catch (error) {
    const known = error instanceof UnresolvedTemplate ? error : toAppError(error)
    if (known !== error) log.error({ error }, 'an identity could not be previewed')
    return { value: `Nothing is sent: ${known.message}`, problem: true }
  }
}
