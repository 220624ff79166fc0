import type { AgentInputItem } from '@openai/agents'
import type { EarlierCall } from '#lib/data/runs/earlier-tool-calls.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

const ARGUMENTS_MAX_CHARS = 1_000
const RESULT_MAX_CHARS = 2_000

/** How a call ended, for the model and for people. */
export const FATE: Record<EarlierCall['status'], string> = {
  pending: 'nobody knows whether it took effect',
  succeeded: 'it took effect',
  failed: 'it failed',
  declined: 'the person declined it, and nothing was done',
  cancelled: 'it was stopped, and may have taken effect',
  unknown: 'it may have taken effect',
}

/**
 * What the model is told of an earlier attempt's calls before it answers the same message again;
 * empty if there were none.
 */
export function describeEarlierCalls(calls: EarlierCall[]): AgentInputItem[] {
  if (calls.length === 0) return []
  const lines = calls.map(({ tool, arguments: args, status, failureClass, errorMessage, result }) => {
    const fate = [FATE[status], failureClass && `(${failureClass})`, errorMessage].filter(Boolean).join(' ')
    const answer =
      status === 'succeeded' && result ? ` It answered: ${clip(JSON.stringify(result), RESULT_MAX_CHARS)}` : ''
    return `- ${tool} ${clip(JSON.stringify(args), ARGUMENTS_MAX_CHARS)}: ${fate}.${answer}`
  })
  const text = [
    'Hidden context for the agent (not shown to the user):',
    '<HiddenContext>',
    'An earlier attempt at this message was abandoned. It made these tool calls, oldest first. Before you repeat a call that took effect or may have taken effect, check what it did.',
    ...lines,
    '</HiddenContext>',
  ].join('\n')
  return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }]
}

function clip(text: string, max: number): string {
  return text.length > max ? `${cutText(text, max)}…` : text
}
