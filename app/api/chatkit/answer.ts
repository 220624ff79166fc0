import { inBackground } from '#app/api/chatkit/background.ts'
import { depsFor } from '#app/api/chatkit/deps.ts'
import type { Caller } from '#lib/auth/caller.ts'
import { requireCaller } from '#lib/auth/session.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Act, Respond } from '#lib/chatkit/respond.ts'
import { type LiveTurn, processChatKit, type Whole } from '#lib/chatkit/server.ts'
import { rememberLocale } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { json, readJson, requireSameOrigin } from '#lib/http.ts'
import { currentRequestId, log } from '#lib/log.ts'
import type { RunHandle } from '#lib/runs/pump.ts'
import { startRun, subscribe } from '#lib/runs/runs.ts'
import { sseResponse } from '#lib/sse.ts'

/** What reaches `respond` beside the turn: who asked, and the run to report to. */
export type TurnContext = { caller: Caller; run: RunHandle }

/** Room (bytes) in a request for everything but the message: client tool results, quotes, tags, and some minutes of speech. */
const EXTRA_BYTES = 6_000_000

/** Answers one ChatKit request: who, how much, how often; then the protocol's server, with each turn as a run of its own. */
export async function answerChatKit(request: Request, respond: Respond<TurnContext>, act?: Act<TurnContext>): Promise<Response> {
  const { APP_URL, MESSAGE_MAX_CHARS } = env()
  requireSameOrigin(request, APP_URL)
  const caller = await requireCaller(request)
  const body = await readJson(request, MESSAGE_MAX_CHARS * 4 + EXTRA_BYTES)
  const answer = await processChatKit<TurnContext>(body, depsFor(caller, { respond, act }))
  if (answer.kind === 'json') return json(answer.data)
  if (answer.kind === 'attached') return told(answer, answer.runId, answer.events)

  const remembered = rememberPlace(request, caller)
  const { operation, threadId, messageId, requestId: clientRequestId, opening, check, begin } = answer
  const about = { caller, threadId, messageId, operation, requestId: currentRequestId() ?? '', clientRequestId }
  const run = await startRun(about, {
    opening,
    check,
    begin: async () => {
      const events = await begin({ isStored: true })
      return async function* (handle) {
        // What "tomorrow" means depends on it.
        await remembered
        yield* events(handle.signal, { caller, run: handle })
      }
    },
  })
  inBackground(run.ended)
  return told(answer, run.id, subscribe(run.id))
}

/** A run's events as they come, or the one object that is made of them all. */
async function told(
  { resume, whole }: { resume: boolean; whole?: Whole },
  runId: string | undefined,
  events: LiveTurn['events'],
): Promise<Response> {
  const headers: Record<string, string> = runId ? { 'x-run-id': runId } : {}
  if (!whole) return sseResponse(events, { resumable: resume, headers })
  const all: ThreadStreamEvent[] = []
  for (let next = await events.next(); ; next = await events.next()) {
    if (!next.done) all.push(next.value.event)
    else if (next.value) return json(whole(all), { headers })
    else throw new AppError('unavailable', 'The server is restarting. Try again in a moment.', { retryAfter: 5 })
  }
}

/** Keeps the time zone and language that the browser names; that this fails is no reason not to answer. */
async function rememberPlace({ headers }: Request, caller: Caller): Promise<void> {
  try {
    await rememberLocale(caller, { timeZone: headers.get('x-time-zone'), locale: headers.get('accept-language') })
  } catch (error) {
    log.warn({ error }, 'time zone and language were not kept')
  }
}
