import { after } from 'next/server'
import type { Caller } from '#lib/auth/caller.ts'
import { consume } from '#lib/auth/rate-limit.ts'
import { requireCaller } from '#lib/auth/session.ts'
import { CustomStreamError } from '#lib/chatkit/errors.ts'
import type { Act, Respond } from '#lib/chatkit/respond.ts'
import { type Deps, processChatKit } from '#lib/chatkit/server.ts'
import { titleFrom } from '#lib/chatkit/title.ts'
import { prismaStore } from '#lib/data/chatkit-store.ts'
import { rememberLocale } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'
import { isDatabaseDown, toAppError } from '#lib/errors.ts'
import { json, readJson, requireSameOrigin } from '#lib/http.ts'
import { currentRequestId, log } from '#lib/log.ts'
import type { RunHandle } from '#lib/runs/pump.ts'
import { attachToRun, findRepeated, startRun, stopRun, subscribe } from '#lib/runs/runs.ts'
import { sseResponse } from '#lib/sse.ts'

/** What reaches `respond` beside the turn: who asked, and the run to report to. */
export type TurnContext = { caller: Caller; run: RunHandle }

/** Room (bytes) in a request for everything but the message: client tool results, quotes, tags. */
const EXTRA_BYTES = 1_000_000
const MINUTE = 60

/** Answers one ChatKit request: who, how much, how often; then the protocol's server, with each turn as a run of its own. */
export async function answerChatKit(request: Request, respond: Respond<TurnContext>, act?: Act<TurnContext>): Promise<Response> {
  const { APP_URL, MESSAGE_MAX_CHARS, RUNS_PER_MINUTE } = env()
  requireSameOrigin(request, APP_URL)
  const caller = await requireCaller(request)
  const body = await readJson(request, MESSAGE_MAX_CHARS * 4 + EXTRA_BYTES)
  const answer = await processChatKit<TurnContext>(body, wire(caller, { respond, act }, MESSAGE_MAX_CHARS))
  if (answer.kind === 'json') return json(answer.data)
  if (answer.kind === 'attached') return sseResponse(answer.events, { resumable: answer.resume, headers: runHeader(answer.runId) })

  await consume({ name: 'runs', points: RUNS_PER_MINUTE, seconds: MINUTE }, caller.userId)
  const remembered = rememberPlace(request, caller)
  const { operation, threadId, requestId: clientRequestId, events } = answer
  const run = await startRun(
    { caller, threadId, operation, requestId: currentRequestId() ?? '', clientRequestId },
    async function* (handle) {
      // What "tomorrow" means depends on it.
      await remembered
      yield* events(handle.signal, { caller, run: handle })
    },
  )
  keepAlive(run.ended)
  return sseResponse(subscribe(run.id), { resumable: answer.resume, headers: runHeader(run.id) })
}

/** Keeps the time zone and language that the browser names; that this fails is no reason not to answer. */
async function rememberPlace({ headers }: Request, caller: Caller): Promise<void> {
  try {
    await rememberLocale(caller, { timeZone: headers.get('x-time-zone'), locale: headers.get('accept-language') })
  } catch (error) {
    log.warn({ error }, 'time zone and language were not kept')
  }
}

function wire(
  caller: Caller,
  { respond, act }: { respond: Respond<TurnContext>; act?: Act<TurnContext> },
  messageMaxChars: number,
): Deps<TurnContext> {
  return {
    store: prismaStore(caller),
    respond: titled(respond),
    act,
    limits: { messageMaxChars },
    turns: {
      stop: (threadId) => stopRun(caller, threadId),
      attach: (threadId, to) => attachToRun(caller, threadId, to),
      findRepeated: (requestId) => findRepeated(caller, requestId),
    },
    onFailure: (error, told, { run }) => {
      // The agent has logged and classed its own failures already.
      if (!(error instanceof CustomStreamError)) log.error({ error }, 'turn failed')
      run.fail(isDatabaseDown(error) ? 'database' : 'internal', told.message ?? toAppError(error).message)
    },
  }
}

/** A thread without a title gets one from the message that it is asked to answer. */
function titled(respond: Respond<TurnContext>): Respond<TurnContext> {
  return (turn, context) => {
    if (turn.input) turn.thread.title ??= titleFrom(turn.input)
    return respond(turn, context)
  }
}

function runHeader(runId: string | undefined): Record<string, string> {
  return runId ? { 'x-run-id': runId } : {}
}

/** On platforms that freeze a process after its response, the run still gets to its end. */
function keepAlive(ended: Promise<void>): void {
  try {
    after(() => ended)
  } catch (error) {
    // Called without Next around it: nothing freezes this process.
    log.debug({ error }, 'no request scope for after()')
  }
}
