import { markLines, saidIn } from '#lib/agent/context/covered-words.ts'
import { type CountTokens, clipToTokens } from '#lib/agent/input/count-tokens.ts'
import { findKeptResource } from '#lib/agent/input/message-offers.ts'
import { isSummaryItem } from '#lib/agent/input/summary-item.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

const ARGUMENTS_MAX_CHARS = 400
const RESULT_MAX_CHARS = 1_500

/**
 * What a model reads that summarises a part of a thread: its messages and calls in words, in parts
 * of at most `partTokens` tokens each, oldest first.
 */
export function toTranscript(items: ThreadItem[], partTokens: number, count: CountTokens): string[] {
  const parts: string[] = []
  let part: string[] = []
  let size = 0
  for (const item of items) {
    const words = markLines(wordsOf(item))
    if (words === '') continue
    const line = clipToTokens(words, partTokens, count)
    const tokens = count(line) + 1
    if (part.length > 0 && size + tokens > partTokens) {
      parts.push(part.join('\n'))
      part = []
      size = 0
    }
    part.push(line)
    size += tokens
  }
  if (part.length > 0) parts.push(part.join('\n'))
  return parts
}

function wordsOf(item: ThreadItem): string {
  switch (item.type) {
    case 'user_message':
      return `Person: ${saidIn(item)}`
    case 'assistant_message':
      return saidIn(item).trim() ? `Assistant: ${saidIn(item)}` : ''
    case 'hidden_context_item':
      return hiddenWords(item)
    case 'client_tool_call':
      return item.status === 'completed'
        ? callWords(item.name, JSON.stringify(item.arguments), JSON.stringify(item.output ?? null))
        : ''
    case 'structured_input':
      return item.inputs
        .map(({ question, answer }) => `Form: ${question}: ${answer?.values.join(', ') ?? ''}`)
        .join('\n')
    case 'task':
      return taskWords([item.task])
    case 'workflow':
      return isSummaryItem(item) ? '' : taskWords(item.workflow.tasks)
    default:
      return ''
  }
}

function hiddenWords(item: ThreadItem & { type: 'hidden_context_item' }): string {
  const resource = findKeptResource(item)
  if (resource) return `Attached ${JSON.stringify(resource.name)}: ${cutText(resource.text ?? '', RESULT_MAX_CHARS)}`
  const call = item.content as KeptToolCall | null
  return call?.kind === 'tool_call' ? callWords(call.name, call.arguments, call.output) : ''
}

function callWords(name: string, args: string, output: string): string {
  return `Tool ${name} ${cutText(args, ARGUMENTS_MAX_CHARS)} answered: ${cutText(output, RESULT_MAX_CHARS)}`
}

/** Searches of the web. The lines of tool calls are told by the calls themselves. */
function taskWords(tasks: { type: string; title?: string }[]): string {
  const titles = tasks.flatMap(({ type, title }) => (type === 'web_search' && title ? [title] : []))
  return titles.length > 0 ? `Searched: ${titles.join(', ')}` : ''
}
