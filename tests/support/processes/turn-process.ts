// One turn in a process of its own, for tests that kill it: `node turn-process.ts <user id>
// <request as JSON>`.
import { runTurn } from '#lib/agent/run-turn.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { startRun } from '#lib/runs/start-run.ts'

const [userId = '', body = '{}'] = process.argv.slice(2)
// A busy machine may be slow to list the tools of an unknown server. The turn must wait for it.
noteAnswer(env().MCP_SERVER_URL ?? '')
const caller: SessionCaller = { userId, role: 'member', via: 'session', sessionVersion: 1 }
const answer = await processChatKit<TurnContext>(JSON.parse(body), {
  store: createPrismaStore(caller),
  respond: runTurn,
  limits: { messageMaxChars: 10_000 },
})
if (answer.kind !== 'turn') throw new Error('not a turn')
const { threadId, messageId, operation, opening, check, begin } = answer
const run = await startRun(
  { caller, threadId, messageId, operation, requestId: 'process' },
  {
    opening,
    check,
    begin: async () => {
      const events = await begin({ isStored: true })
      return (handle) => events(handle.signal, { caller, run: handle })
    },
  },
)
await run.ended
await closeDb()
