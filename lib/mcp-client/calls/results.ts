import type { MCPServer } from '@openai/agents'
import type { ToolCallOutcome } from '#lib/data/runs/ledger.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import { isInputRefusal } from '#lib/mcp-client/failures/input-refusal.ts'
import { EFFECT, toSafeDetail, toSafeText } from '#lib/mcp-client/failures/mcp-failure.ts'
import { withoutBinary } from '#lib/mcp-client/files/without-binary.ts'
import type { WaitingTask, WantedInput } from '#lib/mcp-client/questions/asking.ts'

// A text result counts as an input refusal only if it begins like this. Any other opening may be
// the tool's own words.
const INPUT_REFUSED =
  /^(mcp error -3260[12]\b|input validation error|invalid arguments|wrong arguments for|unknown tool|tool .{1,200} (not found|disabled))/i

const ERROR_MAX_CHARS = 40_000

/** A tool's result, as the SDK types it. */
export type Result = Awaited<ReturnType<NonNullable<MCPServer['callToolResult']>>>

/** What the SDK and the model get of a call that waits for its person. */
export const WAITING_RESULT: Result = {
  content: [{ type: 'text', text: 'The tool asked the person a question, and waits for the answer.' }],
}

/** What the SDK and the model get of a call that goes on as a task. */
export const TASK_RESULT: Result = {
  content: [{ type: 'text', text: 'The tool works on this in the background. Its result comes later.' }],
}

/** Why an attempt failed. `sent` is false if it provably never began. */
export type Failure = { class: FailureClass; sentence: string; status: ToolCallOutcome['status']; sent: boolean }

/** When (ms since its start) an attempt was connected and first received progress. */
export type Times = Pick<ToolCallOutcome, 'connectedMs' | 'firstSignMs'>

/** The outcome of sending a call once. With `wanted`, the call waits and has no outcome yet. */
export type Attempt = {
  result?: Result
  failure?: Failure
  times?: Times
  wanted?: { input: WantedInput; rowId: string; workedMs: number; task?: TaskHandle }
  /** The call goes on as a task, and has no outcome yet. */
  goesOn?: WaitingTask
  /** The call became a task, which ends with it. */
  hadTask?: boolean
  /** The server asked the person something during the call. */
  hasAsked?: boolean
}

/** The outcome of a call that must not be made. */
export function toDenied(sentence: string): Attempt {
  return { failure: { class: 'denied', sentence, status: 'failed', sent: false } }
}

/** The outcome of a call that the person declined. */
export function toDeclined(sentence: string): Attempt {
  return { failure: { class: 'declined', sentence, status: 'declined', sent: false } }
}

/**
 * The failure in a result that is marked as an error, with likely secrets removed. Servers on the
 * older SDK also use the code for wrong parameters to report output that does not fit its schema;
 * by then the tool has run.
 */
export function toolError({ content }: Result): Failure {
  const said = content
    .flatMap((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : []))
    .join('\n')
  const detail = toSafeDetail(said) || 'The tool reported an error.'
  if (INPUT_REFUSED.test(said) && isInputRefusal(said))
    return { class: 'bad_arguments', sentence: detail, status: 'failed', sent: true }
  if (!/^mcp error -32602\b/i.test(said)) return { class: 'tool_error', sentence: detail, status: 'failed', sent: true }
  return { class: 'tool_error', sentence: `${EFFECT} It said: ${detail}`, status: 'unknown', sent: true }
}

/** The result as it came, without `_meta`, which is for programs. */
export function toRecordedResult(result: Result | undefined): Omit<Result, '_meta'> | undefined {
  if (!result) return undefined
  const { _meta, ...rest } = result
  return rest
}

/**
 * What the ledger keeps of a result: of a file, its size and hash. Of a failure it keeps the first 40,000 characters, without the
 * secrets that error messages reveal.
 */
export function kept(result: Result | undefined): unknown {
  const whole = toRecordedResult(result && withoutBinary(result))
  if (!whole?.isError) return whole
  let room = ERROR_MAX_CHARS
  const content: unknown[] = []
  for (const part of whole.content) {
    if (room <= 0) break
    const text = typeof part.text === 'string' ? toSafeText(part.text, room) : undefined
    content.push(text === undefined ? part : { ...part, text })
    // Every part uses some room, even one without text.
    room -= (text?.length ?? 0) + 10
  }
  return { ...whole, content }
}
