import type { HostedCall } from '#lib/agent/stream/hosted-tasks.ts'
import type { RawPart } from '#lib/agent/stream/open-messages.ts'

// The fields of model events that the mapping reads. Any of them may be missing: compatible servers
// leave out many.

/** An item of a model's answer, raw (Responses API) or normalised by the SDK. */
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

/**
 * What a chunk of Chat Completions adds. Servers use two names for thoughts. `retracted` means that
 * all text so far was a thought.
 */
export type ChatDelta = { reasoning?: unknown; reasoning_content?: unknown; refusal?: unknown; retracted?: unknown }
