/**
 * Who is calling. Made from a session cookie, a run token, a personal token or a connected client's token, and from nothing
 * else: never from what a model says. `tokenId` is the personal token's or the grant's; `clientName` is what a connected client was called
 * when the person allowed it.
 */
export type Caller = { userId: string; role: 'admin' | 'member' } & (
  | { via: 'session' }
  | { via: 'run'; runId: string; threadId: string }
  | { via: 'token'; tokenId: string; scopes: string[]; clientName?: string }
)
