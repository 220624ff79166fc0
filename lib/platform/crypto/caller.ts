/**
 * Who is calling. Made from a session cookie, a run token, a personal token or a connected client's token, and from nothing
 * else: never from what a model says. `tokenId` is the personal token's or the grant's; `clientName` is what a connected client was called
 * when the person allowed it; `sessionVersion` is the one under which the person signed in.
 */
export type Caller = { userId: string; role: 'admin' | 'member' } & (
  | { via: 'session'; sessionVersion: number }
  | { via: 'run'; runId: string; threadId: string }
  | { via: 'token'; tokenId: string; scopes: string[]; clientName?: string }
)

/** A person in their own browser. */
export type SessionCaller = Caller & { via: 'session' }
