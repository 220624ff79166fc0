/** Who is calling. Made from a session cookie, a run token or a personal token, and from nothing else: never from what a model says. */
export type Caller = { userId: string; role: 'admin' | 'member' } & (
  | { via: 'session' }
  | { via: 'run'; runId: string; threadId: string }
  | { via: 'token'; tokenId: string; scopes: string[] }
)
