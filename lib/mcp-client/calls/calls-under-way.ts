import { SERVERS_CHANNEL } from '#lib/data/servers/servers.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { AppError } from '#lib/platform/errors.ts'
import { processState } from '#lib/platform/process-state.ts'

type UnderWay = { serverId: string; userId: string; end: AbortController }

const underWay = processState('tool calls', () => {
  const stopHearing = listen(SERVERS_CHANNEL, { heard: endCalls, missed: () => {} })
  return { calls: new Set<UnderWay>(), stopHearing }
})

/**
 * Registers a call at a server while it runs, so that it ends when an admin removes the server, or
 * the person disconnects their account there, on any replica. `signal` then aborts with an AppError
 * that holds the sentence.
 */
export function noteCall(serverId: string, userId: string): Disposable & { signal: AbortSignal } {
  const { calls } = underWay()
  const call = { serverId, userId, end: new AbortController() }
  calls.add(call)
  return { signal: call.end.signal, [Symbol.dispose]: () => calls.delete(call) }
}

/** `payload` is a server's id. If a person's id follows, only that person's account has ended. */
function endCalls(payload: string): void {
  const [server, person] = payload.split(' ')
  const why = person ? 'The account at this server was disconnected.' : 'An administrator took this server away.'
  for (const { serverId, userId, end } of underWay().calls)
    if (serverId === server && (person === undefined || userId === person)) end.abort(new AppError('forbidden', why))
}

/**
 * Why a call was ended by someone other than its person. The sentence goes before that of the
 * stopped call.
 */
export function whyEnded(signal: AbortSignal | undefined): string | undefined {
  const reason: unknown = signal?.reason
  return reason instanceof AppError ? `${reason.message} ` : undefined
}
