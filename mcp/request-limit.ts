import { consumeLimit } from '#lib/auth/limits/rate-limit.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'

/**
 * Counts one request of an outside client, against its token or authorized app and against its
 * person: one client that runs wild must not use up the share of the person's others. The
 * assistant's own calls are limited by its runs. Throws limited.
 */
export async function consumeRequest(caller: Caller): Promise<void> {
  if (caller.via !== 'token') return
  const { MCP_REQUESTS_PER_MINUTE: each, MCP_REQUESTS_PER_PERSON: all } = env()
  const said = (who: string, points: number) => `${who} sent ${points} requests within a minute, which is the most.`
  const about = { seconds: 60, flood: true } as const
  await consumeLimit({ name: 'mcp-token', points: each, said: said('This token has', each), ...about }, caller.tokenId)
  await consumeLimit({ name: 'mcp-person', points: all, said: said('Your clients have', all), ...about }, caller.userId)
}
