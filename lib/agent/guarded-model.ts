import type { Model, ModelRequest, StreamEvent } from '@openai/agents'
import type { ChatCompletionChunk } from 'openai/resources/chat'
import { ModelFault } from '#lib/agent/failure.ts'
import { wellFormedRequest } from '#lib/agent/models/well-formed.ts'
import { newId } from '#lib/ids.ts'

/** A tool call as the model asked for it; `arguments` is its text, which may be no JSON. */
export type AskedCall = { callId: string; name: string; arguments: string }

/** What one call of the model came to. */
export type ModelAnswer = { inputTokens: number; outputTokens: number; calls: AskedCall[] }

type Guard = {
  /** Milliseconds between two events of the model after which it counts as silent. */
  idleMs: number
  /** When (ms since 1970) its server gave the last sign of life, a comment or the word that it has to be waited for. */
  lastSignAt?: () => number
  /** Told of each complete answer before the SDK acts on it. */
  onAnswer: (answer: ModelAnswer) => void
}

/**
 * The model with what the SDK lacks: an idle timer, and no mistaking of half an answer for a whole one (a Chat Completions
 * stream without a finish reason, whose half tool call would be carried out). The stream throws ModelFault.
 */
export function guardedModel(inner: Model, guard: Guard): Model {
  return {
    getResponse: (request) => inner.getResponse(request),
    getStreamedResponse: (request) => guarded(inner, request, guard),
  }
}

async function* guarded(inner: Model, request: ModelRequest, { idleMs, lastSignAt, onAnswer }: Guard): AsyncGenerator<StreamEvent> {
  const leave = new AbortController()
  const signal = request.signal ? AbortSignal.any([request.signal, leave.signal]) : leave.signal
  const events = inner.getStreamedResponse({ ...wellFormedRequest(request), signal })[Symbol.asyncIterator]()
  let chat: 'none' | 'open' | 'finished' = 'none'
  try {
    while (true) {
      const next = await inTime(events.next(), { idleMs, lastSignAt }, signal)
      if (next.done) break
      const event = next.value
      const chunk = chatChunk(event)
      if (chunk && chat !== 'finished') chat = chunk.choices?.some(({ finish_reason }) => finish_reason) ? 'finished' : 'open'
      if (event.type === 'response_done') {
        if (chat === 'open') throw new ModelFault('model_cut', 'the stream ended without a finish reason')
        nameApart(event, request.input)
        onAnswer(answerOf(event))
        // Some servers send nothing where a tool takes nothing; the SDK wants an object before it asks whether a call may be made.
        for (const item of event.response.output) if (item.type === 'function_call' && item.arguments.trim() === '') item.arguments = '{}'
      }
      yield event
    }
  } finally {
    leave.abort()
    // Not awaited: a model that hangs would hold this up.
    void events.return?.().catch(() => undefined)
  }
}

/**
 * Gives calls ids of their own where the model's were used before: some servers call the first of every answer `call_0`, and
 * a person's yes to one call must not be taken for another's.
 */
function nameApart({ response }: Extract<StreamEvent, { type: 'response_done' }>, input: ModelRequest['input']): void {
  const used = new Set(typeof input === 'string' ? [] : input.flatMap((item) => (item.type === 'function_call' ? item.callId : [])))
  for (const item of response.output) {
    if (item.type !== 'function_call') continue
    if (used.has(item.callId)) item.callId = newId('call')
    used.add(item.callId)
  }
}

function chatChunk(event: StreamEvent): ChatCompletionChunk | undefined {
  const isChat = event.type === 'model' && event.providerData?.rawModelEventSource === 'openai-chat-completions'
  return isChat ? (event.event as ChatCompletionChunk) : undefined
}

function answerOf({ response: { output, usage } }: Extract<StreamEvent, { type: 'response_done' }>): ModelAnswer {
  const calls = output.flatMap((item) => {
    return item.type === 'function_call' ? [{ callId: item.callId, name: item.name, arguments: item.arguments }] : []
  })
  const says = output.some((item) => item.type === 'message' && (item.content as SaidPart[]).some(isSaid))
  if (!says && calls.length === 0) throw new ModelFault('model_empty', 'the model gave an empty answer')
  return { inputTokens: usage.inputTokens ?? 0, outputTokens: usage.outputTokens ?? 0, calls }
}

type SaidPart = { type: string; text?: string; refusal?: string }

/** White space alone is no answer; a picture or sound is one. */
function isSaid({ text, refusal }: SaidPart): boolean {
  return (text ?? refusal ?? 'other').trim() !== ''
}

/** What `waited` resolves to, unless there is no sign of life for `idleMs` or the signal aborts first. */
async function inTime<T>(
  waited: Promise<T>,
  { idleMs, lastSignAt = () => 0 }: Pick<Guard, 'idleMs' | 'lastSignAt'>,
  signal: AbortSignal,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const began = Date.now()
  const look = () => {
    const left = Math.max(began, lastSignAt()) + idleMs - Date.now()
    if (left > 0) timer = setTimeout(look, left)
    else reject(new ModelFault('model_silent', `no event of the model for ${idleMs} ms`))
  }
  let timer = setTimeout(look, idleMs)
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([waited, promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    waited.catch(() => undefined)
  }
}
