import type { HostedCall } from '#lib/agent/stream/hosted-tasks.ts'
import type { RawPart } from '#lib/agent/stream/open-messages.ts'

// The part of the models' own shapes that the mapping reads. Every field may be missing: compatible servers leave out many.

/** An item of a model's answer, raw (Responses) or normalised (the SDK's). */
export type RawItem = HostedCall & {
  id?: string
  content?: RawPart[]
  rawContent?: RawPart[]
  callId?: string
  output?: unknown
  result?: string | null
  providerData?: unknown
}

/** A streamed event of the Responses API. */
export type RawEvent = {
  type: string
  item?: RawItem
  item_id?: string
  content_index?: number
  part?: RawPart
  text?: string
  delta?: string
  refusal?: string
  annotation?: unknown
  partial_image_b64?: string
  partial_image_index?: number
}

/** What a chunk of Chat Completions adds; thoughts have two names, by server. `retracted`: all text so far was a thought. */
export type ChatDelta = { reasoning?: unknown; reasoning_content?: unknown; refusal?: unknown; retracted?: unknown }
