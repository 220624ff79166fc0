/** The localStorage entry that keeps drafts on this device, for one person at a time. */
export const DRAFTS_KEY = 'switchboard-drafts'

/**
 * Deletes every draft. Called when the person signs out or deletes the account, not when a session
 * expires.
 */
export function forgetDrafts(): void {
  try {
    localStorage.removeItem(DRAFTS_KEY)
  } catch {
    // A browser without storage has no drafts to delete.
  }
}
