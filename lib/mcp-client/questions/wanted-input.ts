import { isTooMany, type WantedInput } from '#lib/mcp-client/questions/asking.ts'
import { isUnfit, readServerQuestion } from '#lib/mcp-client/questions/server-question.ts'

type InputRequired = {
  resultType: 'input_required'
  inputRequests?: Record<string, { method?: unknown; params?: unknown }>
  requestState?: string
}

/** True for a result by which a server asks for input before it goes on (2026-07-28). */
export function isInputRequired(result: unknown): result is InputRequired {
  return (result as { resultType?: unknown } | null)?.resultType === 'input_required'
}

/**
 * What such a result asks for. A question that no card may show is declined here, with the reason;
 * `onUnfit` gets the sentence for the person. Undefined if it asks for anything that we do not
 * offer, or for too much.
 */
export function readWantedInput(
  { inputRequests = {}, requestState }: InputRequired,
  onUnfit: (sentence: string) => void,
): WantedInput | undefined {
  const wanted: WantedInput = { questions: [], answers: {}, ...(requestState !== undefined && { requestState }) }
  const requests = Object.entries(inputRequests)
  if (isTooMany(requests) || requests.some(([, { method }]) => method !== 'elicitation/create')) return undefined
  for (const [key, { params }] of requests) {
    const question = readServerQuestion(params)
    if (isUnfit(question)) {
      onUnfit(question.sentence)
      wanted.answers[key] = { action: 'decline', _meta: { 'switchboard/reason': question.reason } }
    } else wanted.questions.push([key, question])
  }
  return wanted
}

/** The parameters of a call that carry answers back to its server. */
export function toRetryParams({ answers, requestState }: Pick<WantedInput, 'answers' | 'requestState'>): object {
  return {
    ...(Object.keys(answers).length > 0 && { inputResponses: answers }),
    ...(requestState !== undefined && { requestState }),
  }
}
