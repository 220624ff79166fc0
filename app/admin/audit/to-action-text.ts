import type { AuditAction } from '#lib/data/audit.ts'

/** The audited actions in words. */
const ACTION_NAMES: Record<AuditAction, string> = {
  signed_in: 'Signed in',
  sign_in_failed: 'Sign-in failed',
  signed_up: 'Made an account',
  identity_joined: 'Joined another way to sign in',
  address_verified: 'Verified the address',
  earlier_content_decided: 'Decided about earlier content',
  password_changed: 'Changed the password',
  password_reset: 'Reset the password',
  signed_out_everywhere: 'Signed out everywhere',
  token_made: 'Made a token',
  token_revoked: 'Revoked a token',
  tokens_revoked: 'Revoked all tokens',
  client_allowed: 'Authorized an app',
  client_revoked: 'Removed an authorized app',
  client_token_reused: 'Used a spent token: the authorized app was removed',
  data_exported: 'Exported their data',
  account_deleted: 'Deleted the account',
  role_changed: 'Changed a role',
  account_disabled: 'Disabled an account',
  account_enabled: 'Let an account in again',
  signed_out_by_admin: 'Signed somebody out',
  server_added: 'Added a server',
  server_changed: 'Changed a server',
  server_enabled: 'Enabled a server',
  server_disabled: 'Disabled a server',
  server_removed: 'Removed a server',
  tool_agreed: 'Accepted a definition',
  tool_withdrawn: 'Withdrew a tool',
  assistant_saved: 'Saved an assistant',
  assistant_removed: 'Removed an assistant',
  organisation_changed: 'Changed what holds for every assistant',
  policy_changed: 'Changed a policy',
  policy_removed: 'Removed a policy',
  limit_changed: 'Changed a limit of use',
  limit_removed: 'Removed a limit of use',
  usage_exported: 'Downloaded the use of models',
  call_repeated: 'Repeated a call',
  account_connected: 'Connected an account',
  account_disconnected: 'Disconnected an account',
}

/** The words for an action; also works for one that this version does not know. */
export function toActionText(action: string): string {
  return Object.hasOwn(ACTION_NAMES, action) ? ACTION_NAMES[action as AuditAction] : action.replaceAll('_', ' ')
}
