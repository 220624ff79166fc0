import type { ShownCall, ShownText } from '#lib/chatkit/protocol/shown-call.ts'
import type { ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleJson, toVisibleText } from '#lib/platform/text/visible-text.ts'

const TEXT_MAX_CHARS = 40_000

/** A call of the ledger for the chat, with every hidden character made visible. */
export function toShownCall(call: ToolCallDetail, { role }: { role: string }): ShownCall {
  const { id, server, tool, status, startedAt, durationMs, argumentsBytes, resultBytes, errorMessage } = call
  const failure = errorMessage === null ? null : toShownText(errorMessage, null)
  return {
    ...{ server: toVisibleText(server), tool: toVisibleText(tool), status },
    ...{ started_at: startedAt.toISOString(), duration_ms: durationMs },
    request: toShownText(call.arguments, argumentsBytes),
    response: call.result === null ? failure : toShownText(call.result, resultBytes),
    href: role === 'admin' ? `/admin/tool-calls/${id}` : `/activity/${id}`,
  }
}

function toShownText(value: unknown, bytes: number | null): ShownText {
  // The ledger keeps the beginning of what was too long for it.
  const { clipped, text: beginning } = (value ?? {}) as { clipped?: unknown; text?: unknown }
  const isClipped = clipped === true && typeof beginning === 'string'
  const said = isClipped ? beginning : toPlainText(value)
  const whole = said === undefined ? toVisibleJson(value) : toVisibleText(said)
  const text = cutText(whole, TEXT_MAX_CHARS)
  return { text, bytes, is_shortened: isClipped || text.length < whole.length }
}

/** A text, or the texts of a result that has nothing else. */
function toPlainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const { content, structuredContent } = (value ?? {}) as { content?: unknown; structuredContent?: unknown }
  const parts = Array.isArray(content) ? (content as { type?: unknown; text?: unknown }[]) : []
  const isText = parts.length > 0 && parts.every(({ type, text }) => type === 'text' && typeof text === 'string')
  return isText && structuredContent === undefined ? parts.map(({ text }) => text).join('\n') : undefined
}
