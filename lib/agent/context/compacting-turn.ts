import type { ContextFill } from '#lib/agent/context/context-fill.ts'
import type { ContextLimits } from '#lib/agent/context/window/context-limits.ts'
import type { SentFiles } from '#lib/agent/input/sent-files.ts'
import type { TurnEvents } from '#lib/agent/stream/turn-events.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'

/** A turn in which earlier messages may be summarised. */
export type CompactingTurn = {
  turn: Turn
  context: TurnContext
  events: TurnEvents
  files: SentFiles
  fill: ContextFill
}

/** What a request has besides the conversation. */
export type RestOfRequest = {
  /** Undefined for a model that takes any length, because it runs in this process. */
  limits: ContextLimits | undefined
  instructions: string
  tools: readonly unknown[]
  /** Where content in the conversation comes from that others may have written. */
  listSources: () => string[]
}
