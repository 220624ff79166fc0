import type { CustomTask } from '#lib/chatkit/protocol/items.ts'
import { redact, redactText } from '#lib/platform/redaction/redact.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

const TITLE_MAX_CHARS = 80
/** How far a tool is, as `sayProgress` (lib/mcp-client/calls/progress.ts) begins. */
const PROGRESS = /^(?:[\d.,]+ of [\d.,]+|\d+ %)(?=:|$)/
const ARGUMENTS_MAX_CHARS = 300
const ARGUMENTS_KEPT_CHARS = 4_000
const OUTPUT_MAX_CHARS = 8_000

/**
 * A tool call that the model asked for. `arguments` is the model's text, and `echo` what the model's
 * provider wants back with the call.
 */
export type ToolCall = { callId: string; name: string; arguments: string; echo?: string } & CallNotes

/**
 * What is known of a call besides the model's words: the arguments that are sent, the tool's name
 * for people as its server wrote it, and the run that makes the call.
 */
export type CallNotes = { sent?: string; title?: string | undefined; runId?: string }

/** The outcome of a call, for people. */
export type Outcome = { durationMs?: number; failure?: { class?: string; sentence: string } }

/**
 * The call was never sent: the model named a tool that does not exist, or its arguments could not
 * be read.
 */
export const NOT_MADE: Outcome = {
  failure: { sentence: 'The call was not made: there is no such tool, or its arguments could not be read.' },
}

/** The chat line of a running tool call. `said` is its progress, in the words of the tool. */
export function toLoadingTask(call: ToolCall, said = ''): CustomTask {
  const content = [shownArguments(call), said && plainMarkdown(said)].filter(Boolean).join('\n\n')
  const far = PROGRESS.exec(said)?.[0]
  const title = far ? `${toTitle(call)} (${far})` : toTitle(call)
  return { type: 'custom', status_indicator: 'loading', title, icon: 'bolt', ...withContent(content), ...linkTo(call) }
}

/** The line of a call that waits for approval. */
export function toWaitingTask(call: ToolCall): CustomTask {
  const content = [shownArguments(call), 'Waits for your answer.'].filter(Boolean).join('\n\n')
  return { type: 'custom', status_indicator: 'none', title: toTitle(call), icon: 'circle-question', content }
}

/** The line of a call that goes on as a task after its turn. `said` is how far it is, in the words of its server. */
export function toGoingOnTask(call: ToolCall, said = ''): CustomTask {
  const task = toLoadingTask(call, said)
  return { ...task, ...(task.tool_call && { tool_call: { ...task.tool_call, goes_on: true } }) }
}

/** The line of a call that has ended: how long it took, and why it failed if it did. */
export function toSettledTask(asked: ToolCall, facts: Outcome): CustomTask {
  const took = facts.durationMs === undefined ? '' : `(${formatSeconds(facts.durationMs)})`
  // A call that was never sent is not in the ledger.
  const call = facts === NOT_MADE ? { ...asked, runId: '' } : asked
  const shown = shownArguments(call)
  if (!facts.failure) return lineOf(call, 'check-circle', [shown, took].filter(Boolean).join(' '))
  const isDeclined = facts.failure.class === 'declined'
  const end = isDeclined ? 'Not made' : ['Failed', took].filter(Boolean).join(' ')
  const content = [shown, `${end}: ${facts.failure.sentence}`].filter(Boolean).join('\n\n')
  // A declined call is not an error.
  return isDeclined
    ? { ...lineOf(call, 'close', content), status_indicator: 'none' }
    : lineOf(call, 'lucide:circle-alert', content)
}

const HANDOVERS = { loading: 'Handing to', done: 'Handed to', refused: 'Not handed to' }

/** The line of a handover to the assistant with this name. */
export function toHandoverTask(to: string, state: keyof typeof HANDOVERS): CustomTask {
  const status_indicator = { loading: 'loading', done: 'complete', refused: 'none' } as const
  return {
    type: 'custom',
    status_indicator: status_indicator[state],
    icon: 'agent',
    title: `${HANDOVERS[state]} ${to}`,
    handover: { to, state },
  }
}

function lineOf(call: ToolCall, icon: CustomTask['icon'], content: string): CustomTask {
  return {
    ...{ type: 'custom', status_indicator: 'complete', title: toTitle(call), icon },
    ...{ ...withContent(content), ...linkTo(call) },
  }
}

/** The line of a call that was cut off by the end of the turn. */
export function toStoppedTask(call: ToolCall): CustomTask {
  return toSettledTask(call, { failure: { sentence: 'Stopped before the tool answered. It may have taken effect.' } })
}

/** The tool's own title, with nothing hidden in it, or else its name. */
function toTitle({ name, title }: ToolCall): string {
  const said = title?.replace(/\s+/g, ' ').trim()
  return said ? cutText(toVisibleText(said), TITLE_MAX_CHARS) : name
}

function linkTo({ runId, callId }: ToolCall): Pick<CustomTask, 'tool_call'> {
  return runId ? { tool_call: { run_id: runId, call_id: callId } } : {}
}

function withContent(content: string): { content?: string } {
  return content ? { content } : {}
}

// A tool's own words are plain text: no links, no pictures.
function plainMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#|~!]/g, '\\$&')
}

/** A duration for people: "1.2 s". */
export function formatSeconds(ms: number): string {
  return ms < 100 ? '<0.1 s' : `${(ms / 1000).toFixed(1)} s`
}

/** The arguments as inline code on one line, without secrets; empty if there are none. */
function shownArguments({ arguments: asked, sent = asked }: ToolCall): string {
  const safe = redactText(sent, ARGUMENTS_KEPT_CHARS).replace(/\s+/g, ' ').trim()
  if (safe === '' || safe === '{}') return ''
  const clipped = safe.length > ARGUMENTS_MAX_CHARS ? `${cutText(safe, ARGUMENTS_MAX_CHARS)}…` : safe
  const fence = '`'.repeat(Math.max(0, ...[...clipped.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
  return fence.length > 1 ? `${fence} ${clipped} ${fence}` : `\`${clipped}\``
}

/**
 * A call's arguments for later turns: always JSON, without secrets, clipped to 4,000 characters.
 */
export function toKeptArguments({ arguments: text }: ToolCall): string {
  if (text.length > ARGUMENTS_KEPT_CHARS) return JSON.stringify({ clipped: firstOf(text, ARGUMENTS_KEPT_CHARS).kept })
  try {
    return JSON.stringify(redact(JSON.parse(text), ARGUMENTS_KEPT_CHARS))
  } catch {
    // Some servers refuse a history whose arguments are not JSON.
    return JSON.stringify({ unreadable: redactText(text) })
  }
}

/** A tool's output for later turns: one text, without secrets, clipped to 8,000 characters. */
export function toOutputText(output: unknown): string {
  const text = plainText(output)
  const { kept, left } = firstOf(text, OUTPUT_MAX_CHARS)
  return left > 0 ? `${kept}\n[${left} more characters]` : kept
}

/**
 * The beginning of a text without secrets, never cut inside a character, and how many characters
 * are left.
 */
function firstOf(text: string, max: number): { kept: string; left: number } {
  const { length } = cutText(text, max)
  return { kept: redactText(text, length), left: text.length - length }
}

function plainText(output: unknown): string {
  if (typeof output === 'string') return output
  if (Array.isArray(output)) return output.map(plainText).join('\n')
  const { type, text } = (output ?? {}) as { type?: string; text?: unknown }
  if (typeof text === 'string') return text
  return type ? `[${type}]` : JSON.stringify(output ?? null)
}
