import { isAfter, toTimeCursor } from '#lib/data/keyset.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { escapeLike } from '#lib/platform/db/escape-like.ts'
import { env } from '#lib/platform/env.ts'
import { newId } from '#lib/platform/ids.ts'
import { findCurrentRequestId } from '#lib/platform/log.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

/** The audited events on accounts, settings and other people's calls. */
export const AUDIT_ACTIONS = [
  'signed_in',
  'sign_in_failed',
  'signed_up',
  'identity_joined',
  'address_verified',
  'earlier_content_decided',
  'password_changed',
  'password_reset',
  'signed_out_everywhere',
  'session_ended',
  'token_made',
  'token_revoked',
  'tokens_revoked',
  'client_allowed',
  'client_revoked',
  'client_token_reused',
  'data_exported',
  'account_deleted',
  'role_changed',
  'account_disabled',
  'account_enabled',
  'signed_out_by_admin',
  'server_added',
  'server_changed',
  'server_enabled',
  'server_disabled',
  'server_removed',
  'tool_agreed',
  'tool_withdrawn',
  'assistant_saved',
  'assistant_removed',
  'organisation_changed',
  'policy_changed',
  'policy_removed',
  'limit_changed',
  'limit_removed',
  'usage_exported',
  'calls_exported',
  'runs_exported',
  'provider_added',
  'provider_changed',
  'provider_removed',
  'model_offered',
  'model_changed',
  'model_removed',
  'call_repeated',
  'account_connected',
  'account_disconnected',
  'conversation_shared',
  'share_ended',
  'conversations_imported',
  'audit_month_dropped',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/**
 * Records an event for the operator. `subject` is the id of the account or thing it was done to.
 * `detail` never holds a secret.
 */
export async function recordAudit(event: {
  action: AuditAction
  actorId?: string
  subject?: string
  detail?: Prisma.InputJsonObject
}): Promise<void> {
  await withSystem('sign-in', (tx) =>
    tx.auditEvent.create({ data: { id: newId('evt'), ...event, requestId: findCurrentRequestId() } }),
  )
}

/**
 * One audited event. `actorName` is the name of the account that acted; `subjectName` is the name
 * of the account, server or model it was done to. Both are null if there is no such name, or no longer.
 */
export type AuditRow = {
  id: string
  at: Date
  action: string
  actorId: string | null
  actorName: string | null
  subject: string | null
  subjectName: string | null
  detail: Record<string, unknown>
  requestId: string | null
}

export type AuditFilter = {
  action?: string
  /** Part of the name or address of the actor or the subject. */
  person?: string
  /** The cursor of the previous page. */
  after?: string
}

const PAGE = 50

/** Lists audited events, newest first, 50 a page. Only for callers whose admin role was checked. */
export async function listAuditEvents({ action, person, after }: AuditFilter = {}): Promise<Page<AuditRow>> {
  const like = person ? `%${escapeLike(person)}%` : null
  const rows = await runSystemStatement<AuditRow>(
    'admin',
    Prisma.sql`
      SELECT e.id, e.at, e.action, e.actor_id AS "actorId", a.name AS "actorName", e.subject,
             coalesce(s.name, m.name, t.slug, p.name, o.name) AS "subjectName", e.detail, e.request_id AS "requestId"
      FROM audit_events e LEFT JOIN users a ON a.id = e.actor_id LEFT JOIN users s ON s.id = e.subject
        LEFT JOIN mcp_servers m ON m.id = e.subject LEFT JOIN assistants t ON t.id = e.subject
        LEFT JOIN model_providers p ON p.id = e.subject LEFT JOIN offered_models o ON o.id = e.subject
      WHERE (${action ?? null}::text IS NULL OR e.action = ${action ?? null})
        AND (${like}::text IS NULL OR a.name ILIKE ${like} OR a.email ILIKE ${like} OR s.name ILIKE ${like} OR s.email ILIKE ${like})
        AND ${isAfter(Prisma.sql`e.at`, Prisma.sql`e.id`, after)}
      ORDER BY e.at DESC, e.id DESC LIMIT ${PAGE + 1}`,
  )
  return toPage(rows, PAGE, ({ at, id }) => toTimeCursor(at, id))
}

/** How many months one look deletes at most; the next look deletes more. */
const MONTHS_AT_ONCE = 12

/**
 * Deletes whole closed months that are older than AUDIT_MONTHS, each with a note in the table. The
 * application's role may not delete events in any other way. Resolves to the number of events.
 */
export async function deleteOldAuditMonths(): Promise<number> {
  const keep = env().AUDIT_MONTHS
  let deleted = 0
  for (let month = 0; keep > 0 && month < MONTHS_AT_ONCE; month += 1) {
    const [found] = await runSystemStatement<{ count: number }>(
      'expiry',
      Prisma.sql`SELECT drop_audit_month(${keep}::integer) AS count`,
    )
    if (!found?.count) break
    deleted += found.count
  }
  return deleted
}
