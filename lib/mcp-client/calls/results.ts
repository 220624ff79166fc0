import type { MCPServerStreamableHttp } from '@openai/agents'
import type { ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { isInputRefusal } from '#lib/mcp-client/failures/input-refusal.ts'
import { EFFECT, safeDetail, safeText } from '#lib/mcp-client/failures/mcp-failure.ts'

// What a tool says of its own accord may begin with other words alone.
const INPUT_REFUSED =
  /^(mcp error -3260[12]\b|input validation error|invalid arguments|wrong arguments for|unknown tool|tool .{1,200} (not found|disabled))/i

const ERROR_MAX_CHARS = 40_000

/** What a tool answered, as the SDK has it. */
export type Result = Awaited<ReturnType<MCPServerStreamableHttp['callToolResult']>>

/** Why an attempt failed; `sent` is false where it provably never began. */
export type Failure = { class: FailureClass; sentence: string; status: ToolCallOutcome['status']; sent: boolean }

/** When (ms since its start) an attempt had its connection and first heard how far the tool was. */
export type Times = Pick<ToolCallOutcome, 'connectedMs' | 'firstSignMs'>

/** What came of sending a call once. */
export type Attempt = { result?: Result; failure?: Failure; times?: Times }

/** A call that must not be made. */
export function toDenied(sentence: string): Attempt {
  return { failure: { class: 'denied', sentence, status: 'failed', sent: false } }
}

/** A call to which the person said no. */
export function toDeclined(sentence: string): Attempt {
  return { failure: { class: 'declined', sentence, status: 'declined', sent: false } }
}

/**
 * A result that says that it is a failure, without what looks like a secret. Servers on the older SDK send so, under the code of wrong
 * parameters, also that the output of a tool did not fit its schema: by then it has run.
 */
export function toolError({ content }: Result): Failure {
  const said = content
    .flatMap((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : []))
    .join('\n')
  const detail = safeDetail(said) || 'The tool reported an error.'
  if (INPUT_REFUSED.test(said) && isInputRefusal(said))
    return { class: 'bad_arguments', sentence: detail, status: 'failed', sent: true }
  if (!/^mcp error -32602\b/i.test(said)) return { class: 'tool_error', sentence: detail, status: 'failed', sent: true }
  return { class: 'tool_error', sentence: `${EFFECT} It said: ${detail}`, status: 'unknown', sent: true }
}

/** A result as it came, without what it says to programs. */
export function toRecordedResult(result: Result | undefined): Omit<Result, '_meta'> | undefined {
  if (!result) return undefined
  const { _meta, ...rest } = result
  return rest
}

/** What the ledger keeps of it: of a failure its first 40,000 characters, without the secrets that error messages give away. */
export function kept(result: Result | undefined): unknown {
  const whole = toRecordedResult(result)
  if (!whole?.isError) return whole
  let room = ERROR_MAX_CHARS
  const content: unknown[] = []
  for (const part of whole.content) {
    if (room <= 0) break
    const text = typeof part.text === 'string' ? safeText(part.text, room) : undefined
    content.push(text === undefined ? part : { ...part, text })
    // Each part costs something, also one without a letter.
    room -= (text?.length ?? 0) + 10
  }
  return { ...whole, content }
}
