/**
 * Who is calling. Built only from a session cookie, a run token, a personal token or an authorized
 * app's token, never from what a model says. `tokenId` is the id of the personal token or the
 * grant. `clientName` is the name the authorized app had when the person allowed it.
 * `sessionVersion` is the version under which the person signed in. `sessionId` is missing if no
 * request asks, as when a task is taken up.
 */
export type Caller = { userId: string; role: 'admin' | 'member' } & (
  | { via: 'session'; sessionVersion: number; sessionId?: string }
  | { via: 'run'; runId: string; threadId: string }
  | { via: 'token'; tokenId: string; scopes: string[]; clientName?: string }
)

/** A person in their own browser. */
export type SessionCaller = Caller & { via: 'session' }
