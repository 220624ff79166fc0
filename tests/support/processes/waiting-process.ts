// Answers without an end and has a message wait meanwhile (`answer`), or sends what waits (`deliver`),
// in a process of its own, for tests that kill it: `node waiting-process.ts answer <user id> <thread id>`.
import { followWaiting } from '#app/api/chatkit/deliver-waiting.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import { processChatKit } from '#lib/chatkit/server/process-request.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { beginNextTurn } from '#lib/runs/next-turn.ts'
import { startRun } from '#lib/runs/start-run.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'

const [mode, userId = '', threadId = ''] = process.argv.slice(2)
const caller: SessionCaller = { userId, role: 'member', via: 'session', sessionVersion: 1 }
// The timers of the product do not keep a process alive.
setInterval(() => undefined, 1_000)

const respond: Respond<TurnContext> = async function* () {
  yield { type: 'notice', level: 'info', message: 'It takes long.' }
  await new Promise(() => undefined)
}
const deps = { store: createPrismaStore(caller), respond, limits: { messageMaxChars: 10_000 } }

if (mode === 'deliver') {
  followWaiting({ respond })
  beginNextTurn({ ownerId: userId, threadId })
} else {
  const params = { thread_id: threadId, input: typed('long') }
  const answer = await processChatKit<TurnContext>({ type: 'threads.add_user_message', params }, deps)
  if (answer.kind !== 'turn') throw new Error('not a turn')
  const { messageId, operation, opening, check, begin } = answer
  await startRun(
    { caller, threadId, messageId, operation, requestId: 'process' },
    {
      ...{ opening, check },
      begin: async () => {
        const events = await begin({ isStored: true })
        return (run) => events(run.signal, { caller, run })
      },
    },
  )
  await processChatKit({ type: 'threads.wait_message', params: { thread_id: threadId, input: typed('next') } }, deps)
}
