import type { MCPServerStreamableHttp } from '@openai/agents'
import type { ToolCallOutcome } from '#lib/data/ledger.ts'
import type { FailureClass } from '#lib/data/tool-calls.ts'
import { safeDetail, safeText } from '#lib/mcp-client/failure.ts'

const MODEL_TEXT_MAX_CHARS = 40_000
const MAX_DEPTH = 100

/** What a tool answered, as the SDK has it. */
export type Result = Awaited<ReturnType<MCPServerStreamableHttp['callToolResult']>>

/** Why an attempt failed; `sent` is false where it provably never began. */
export type Failure = { class: FailureClass; sentence: string; status: ToolCallOutcome['status']; sent: boolean }

/** When (ms since its start) an attempt had its connection and first heard how far the tool was. */
export type Times = Pick<ToolCallOutcome, 'connectedMs' | 'firstSignMs'>

/** What came of sending a call once. */
export type Attempt = { result?: Result; failure?: Failure; times?: Times }

/** A result whose values lie no deeper than a hundred levels: JSON that is nested without end can be read, but not written. */
export function shallow(result: Result): Result {
  return cut(result, 0) as Result
}

function cut(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (depth === MAX_DEPTH) return '[too deep]'
  if (Array.isArray(value)) return value.map((entry) => cut(entry, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cut(entry, depth + 1)]))
}

/** A call that must not be made. */
export function denied(sentence: string): Attempt {
  return { failure: { class: 'denied', sentence, status: 'failed', sent: false } }
}

/** A result that says that it is a failure, without what looks like a secret. */
export function toolError({ content }: Result): Failure {
  const said = content.flatMap((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : [])).join('\n')
  const badArguments = /^(input validation error|invalid arguments|wrong arguments for)|^mcp error -32602/i.test(said)
  const sentence = safeDetail(said) || 'The tool reported an error.'
  return { class: badArguments ? 'bad_arguments' : 'tool_error', sentence, status: 'failed', sent: true }
}

/** Some models cannot take an empty answer, and some servers send their data beside the content alone. */
export function withSomething(result: Result | undefined): Result['content'] {
  if (result && result.content.length > 0) return result.content
  const { structuredContent } = result ?? {}
  return [{ type: 'text', text: structuredContent ? JSON.stringify(structuredContent) : 'Done. The tool gave no answer.' }]
}

/** What the ledger keeps of a result. */
export function recorded(result: Result | undefined): unknown {
  if (!result) return undefined
  const { _meta, ...rest } = result
  if (!result.isError) return rest
  return { ...rest, content: rest.content.map((part) => (typeof part.text === 'string' ? { ...part, text: safeText(part.text) } : part)) }
}

/** The content as long as a model can use it. */
export function clipped(content: Result['content']): Result['content'] {
  return content.map((part) => {
    if (part.type !== 'text' || typeof part.text !== 'string' || part.text.length <= MODEL_TEXT_MAX_CHARS) return part
    const left = part.text.length - MODEL_TEXT_MAX_CHARS
    return { ...part, text: `${part.text.slice(0, MODEL_TEXT_MAX_CHARS)}\n[${left} more characters were cut off]` }
  }) as Result['content']
}
