import { withSystem } from '#lib/db.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import { newId } from '#lib/ids.ts'
import { currentRequestId } from '#lib/log.ts'

/** What happened to an account. */
export type AuditAction =
  | 'signed_in'
  | 'sign_in_failed'
  | 'signed_up'
  | 'identity_joined'
  | 'address_verified'
  | 'password_changed'
  | 'password_reset'
  | 'signed_out_everywhere'
  | 'token_made'
  | 'token_revoked'
  | 'client_allowed'
  | 'client_revoked'
  | 'data_exported'
  | 'account_deleted'
  | 'role_changed'
  | 'account_disabled'
  | 'account_enabled'
  | 'signed_out_by_admin'
  | 'server_added'
  | 'server_changed'
  | 'server_enabled'
  | 'server_disabled'
  | 'server_removed'
  | 'tool_agreed'
  | 'tool_withdrawn'
  | 'policy_changed'
  | 'policy_removed'
  | 'call_repeated'
  | 'account_connected'
  | 'account_disconnected'

/** Notes an event for the operator. `subject` is the id of what it was done to; `detail` never holds a secret. */
export async function recordAudit(event: {
  action: AuditAction
  actorId?: string
  subject?: string
  detail?: Prisma.InputJsonObject
}): Promise<void> {
  await withSystem('sign-in', (tx) => tx.auditEvent.create({ data: { id: newId('evt'), ...event, requestId: currentRequestId() } }))
}
