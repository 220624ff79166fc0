import type { AgentInputItem, Model, ModelRequest, StreamEvent } from '@openai/agents'
import { shareWindow } from '#lib/agent/context/window/context-budget.ts'
import { type ContextLimits, learnWindow, toContextLimits } from '#lib/agent/context/window/context-limits.ts'
import { takeNewestTurns } from '#lib/agent/context/window/newest-turns.ts'
import { type CountTokens, clipToTokens, loadCounter } from '#lib/agent/input/count-tokens.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { boundTokens } from '#lib/agent/models/estimate-tokens.ts'
import { findServerError, type ModelServerError } from '#lib/agent/models/openai/failures/server-error.ts'

/** What a result keeps at least (tokens). */
const RESULT_MIN_TOKENS = 200
const SHORTENED = '[The rest of this result has no room in the context window and was left out.]'
/** How often a request is sent again, shorter, after its server said that it is too long. */
const SHORTER_MAX = 2
/** What is tried of a window (a share) if its server does not say what it takes. */
const SHRINK = 0.6
const WINDOW_MIN_TOKENS = 1_000

type Result = Extract<AgentInputItem, { type: 'function_call_result' }>

/**
 * Wraps a model so that each of its requests fits its window, also after many long results in one
 * turn and for a fallback with a smaller window. If the server takes less than its window is said
 * to be, the request is sent again, shorter, before the first word, and later requests know.
 */
export function makeWindowedModel(inner: Model, offered: OfferedModel): Model {
  return {
    getResponse: async (request) => inner.getResponse(await fitRequest(request, toContextLimits(offered))),
    getStreamedResponse: (request) => {
      let events: AsyncIterator<StreamEvent> | undefined
      const begin = async () => {
        const begun = await sendFitting(inner, offered, request)
        events = begun.events
        return begun.first
      }
      return {
        // A delta passes no generator of ours here.
        [Symbol.asyncIterator]: () => ({
          next: () => (events ? events.next() : begin()),
          return: async (value) => (await events?.return?.(value)) ?? { done: true, value },
        }),
      }
    },
  }
}

async function sendFitting(inner: Model, offered: OfferedModel, request: ModelRequest) {
  let limits = toContextLimits(offered)
  let fitted = await fitRequest(request, limits)
  for (let tries = 0; ; tries += 1) {
    const events = inner.getStreamedResponse(fitted)[Symbol.asyncIterator]()
    try {
      const first = await events.next()
      if (tries > 0) learnWindow(offered, limits.windowTokens)
      return { events, first }
    } catch (error) {
      const refusal = findServerError(error)
      if (refusal?.failureClass !== 'model_too_long' || tries === SHORTER_MAX) throw error
      limits = { ...limits, windowTokens: readWindow(refusal, limits.windowTokens, boundTokens(fitted.input)) }
      const shorter = await fitRequest(request, limits)
      if (boundTokens(shorter.input) >= boundTokens(fitted.input)) throw error
      fitted = shorter
    }
  }
}

const SAID_WINDOW = /(?:maximum|max|limit|context|window|at most|up to|<=|>)\D{0,60}?(\d[\d,]{2,10})/gi

/** The window that a server names in its refusal, or a guess: less than was said, and than was sent. */
function readWindow({ detail }: ModelServerError, before: number, sent: number): number {
  const named = [...(detail.message ?? '').matchAll(SAID_WINDOW)]
    .map(([, digits = '']) => Number(digits.replaceAll(',', '')))
    .find((tokens) => tokens >= WINDOW_MIN_TOKENS && tokens < before)
  return named ?? Math.max(WINDOW_MIN_TOKENS, Math.floor(Math.min(before, sent) * SHRINK))
}

/**
 * The request with an input that fits: long results are shortened, the longest first; if that is not
 * enough, the oldest turns are left out. The same request if it fits already.
 */
async function fitRequest(request: ModelRequest, limits: ContextLimits): Promise<ModelRequest> {
  const { input, systemInstructions: instructions = '', tools } = request
  if (typeof input === 'string') return request
  const roomFor = (count: CountTokens) => shareWindow(limits, { instructions, tools }, count).conversation
  if (boundTokens(input) <= roomFor(boundTokens)) return request
  const count = await loadCounter()
  const room = roomFor(count)
  const sizes = input.map(count)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total <= room) return request
  const results = input.flatMap((item, at) => (item.type === 'function_call_result' ? (sizes[at] ?? 0) : []))
  const others = total - results.reduce((sum, size) => sum + size, 0)
  const cap = Math.max(RESULT_MIN_TOKENS, findCap(results, room - others))
  const shorter = input.map((item, at) =>
    item.type === 'function_call_result' && (sizes[at] ?? 0) > cap ? shorten(item, cap, count) : item,
  )
  const fits = shorter.reduce((sum, item, at) => sum + (item === input[at] ? (sizes[at] ?? 0) : count(item)), 0) <= room
  return { ...request, input: fits ? shorter : takeNewestTurns(shorter, limits.windowTokens) }
}

/** The most that each size may have so that all of them fit into `room` together. */
function findCap(sizes: number[], room: number): number {
  let left = room
  const ascending = sizes.toSorted((one, other) => one - other)
  for (const [at, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - at))
    if (size > share) return share
    left -= size
  }
  return Number.POSITIVE_INFINITY
}

function shorten(item: Result, max: number, count: CountTokens): Result {
  const room = max - count(SHORTENED)
  const clip = (text: string, size: number) => {
    const clipped = clipToTokens(text, size, count)
    return clipped === text ? text : `${clipped}\n${SHORTENED}`
  }
  const { output } = item
  if (typeof output === 'string') return { ...item, output: clip(output, room) }
  if (!Array.isArray(output))
    return 'text' in output ? { ...item, output: { ...output, text: clip(output.text, room) } } : item
  const texts = output.filter((part) => 'text' in part).length
  return {
    ...item,
    output: output.map((part) =>
      'text' in part ? { ...part, text: clip(part.text, Math.floor(room / texts)) } : part,
    ),
  }
}
