import { type Answering, makeDeps } from '#app/api/chatkit/make-deps.ts'
import { readSwitches } from '#app/api/chatkit/read-switches.ts'
import type { AgentEdges, TurnContext } from '#lib/agent/turn-context.ts'
import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import { route, type SignedVisit } from '#lib/auth/route.ts'
import { openSessionStream } from '#lib/auth/sessions/session-streams.ts'
import type { Operation } from '#lib/chatkit/protocol/requests.ts'
import type { LiveTurn } from '#lib/chatkit/server/deps.ts'
import { type Answer, processChatKit } from '#lib/chatkit/server/process-request.ts'
import { readWhole, type Whole } from '#lib/chatkit/server/read-whole.ts'
import { type SwitchedOff, switchOff } from '#lib/data/chat/switched-off-tools.ts'
import { rememberLocale } from '#lib/data/people/profile.ts'
import type { Caller, SessionCaller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse, readSizedJson } from '#lib/platform/http/http.ts'
import { sseResponse } from '#lib/platform/http/sse.ts'
import { findCurrentRequestId, log } from '#lib/platform/log.ts'
import { runAfterResponse } from '#lib/platform/process/run-after-response.ts'
import { subscribeToRun } from '#lib/runs/attach-run.ts'
import { startRun } from '#lib/runs/start-run.ts'

/**
 * Allowance (bytes) beside the message for quotes and tags, and for what a client tool, a widget or
 * a form sends.
 */
const EXTRA_BYTES = 1_000_000
/** The longest recording (bytes): some minutes of speech. */
const SPEECH_BYTES = 6_000_000
/** The longest body (bytes) of all other operations, which only name threads and items. */
const QUERY_BYTES = 262_144

/** Operations that carry a person's text, or data from a program on the page. */
const CONTENT = new Set<unknown>([
  'threads.create',
  'threads.add_user_message',
  'threads.wait_message',
  'threads.add_client_tool_output',
  'threads.add_structured_input',
  'threads.custom_action',
  'threads.sync_custom_action',
] satisfies Operation[])

/** Makes the handler of the ChatKit API, for one person's requests at a limited rate. */
export function makeChatKitRoute(answering: Answering) {
  return route({ limit: requestLimit }, (visit) => answerChatKit(visit, answering))
}

/**
 * Answers one ChatKit request. Checks the size, then calls the protocol's server, with each turn as
 * its own run.
 */
async function answerChatKit(
  { request, caller, session }: SignedVisit,
  { respond, act, ...edges }: Answering,
): Promise<Response> {
  const body = await readOperation(request, env().MESSAGE_MAX_CHARS)
  const switches = readSwitches(body)
  const answer = await processChatKit<TurnContext>(body, makeDeps(caller, { respond, act }))
  if (answer.kind === 'json') return jsonResponse(answer.data)
  // Reserved before anything is stored or begun, so that a person with too many open streams is
  // refused and loses nothing.
  const stream = openSessionStream(session)
  try {
    if (answer.kind === 'attached') return await sendTurn(answer, answer.runId, answer.events, stream)
    const run = await startTurn(request, caller, answer, edges, switches)
    runAfterResponse('a run', () => run.ended)
    return await sendTurn(answer, run.id, subscribeToRun(run.id), stream)
  } catch (error) {
    stream.close()
    throw error
  }
}

function startTurn(
  request: Request,
  caller: SessionCaller,
  answer: Extract<Answer<TurnContext>, { kind: 'turn' }>,
  edges: AgentEdges,
  switches: SwitchedOff[],
): ReturnType<typeof startRun> {
  const remembered = rememberPlace(request, caller)
  const { operation, threadId, messageId, requestId: clientRequestId, opening, check, makeRoom, begin } = answer
  const about = { caller, threadId, messageId, operation, requestId: findCurrentRequestId() ?? '', clientRequestId }
  return startRun(about, {
    ...{ opening, check, makeRoom },
    begin: async () => {
      await switchOff(caller, threadId, switches)
      const events = await begin({ isStored: true })
      // The model needs the time zone to know what "tomorrow" means.
      await remembered
      return (run) => events(run.signal, { ...edges, caller, run })
    },
  })
}

function requestLimit(): Limit {
  const { CHAT_REQUESTS_PER_MINUTE: points } = env()
  return { name: 'chat', points, seconds: 60, said: `You have sent ${points} requests within a minute.`, flood: true }
}

/**
 * Reads the body. Its size limit depends on the operation, which is known only after parsing.
 * Throws too_large.
 */
async function readOperation(request: Request, messageMaxChars: number): Promise<unknown> {
  const content = messageMaxChars * 4 + EXTRA_BYTES
  const { value, bytes } = await readSizedJson(request, Math.max(content, SPEECH_BYTES))
  const { type } = (value ?? {}) as { type?: unknown }
  const max = type === 'input.transcribe' ? SPEECH_BYTES : CONTENT.has(type) ? content : QUERY_BYTES
  if (bytes > max) throw new AppError('too_large', `This request is larger than ${Math.floor(max / 1_000)} kB.`)
  return value
}

/** Sends a run's events as they come, or collects them into one object. */
async function sendTurn(
  { resume, whole }: { resume: boolean; whole?: Whole },
  runId: string | undefined,
  events: LiveTurn['events'],
  { ended, close: onClose }: ReturnType<typeof openSessionStream>,
): Promise<Response> {
  const headers: Record<string, string> = runId ? { 'x-run-id': runId } : {}
  if (!whole) return sseResponse(events, { resumable: resume, headers, onClose, ended })
  const data = await readWhole(events, whole)
  onClose()
  return jsonResponse(data, { headers })
}

/** Stores the time zone and language that the browser sends. A failure does not stop the answer. */
async function rememberPlace({ headers }: Request, caller: Caller): Promise<void> {
  try {
    await rememberLocale(caller, { timeZone: headers.get('x-time-zone'), locale: headers.get('accept-language') })
  } catch (error) {
    log.warn({ error }, 'time zone and language were not kept')
  }
}
