/** Where this device keeps what is being written, for one person at a time. */
export const DRAFTS_KEY = 'switchboard-drafts'

/** Forgets every draft: when the person signs out or deletes the account, not when a session ends by itself. */
export function forgetDrafts(): void {
  try {
    localStorage.removeItem(DRAFTS_KEY)
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}
