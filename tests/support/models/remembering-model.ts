import { openAIServer, type RecordedRequest, type Step } from '#tests/support/models/openai-server.ts'

const FACT = /The (\w+) code is (\w+)/g
/** What this model says if it is asked nothing. */
export const FILLER =
  'That is noted, and there is nothing else to do about it for now, so let us go on with whatever comes next. '

/** A request for a summary, not for an answer. */
export function isSummaryRequest({ body }: RecordedRequest): boolean {
  return JSON.stringify(body).includes('Summarise the earlier part')
}

/** All that a request tells the model, without the definitions of tools. */
export function inputOf({ body }: RecordedRequest): string {
  const { input, messages, instructions } = body as Record<string, unknown>
  return JSON.stringify([instructions, input, messages])
}

/**
 * A model that knows only what is in its input: asked for a code, it says the one that it finds
 * there. Its summaries keep the codes that it reads.
 */
export function answerFromInput(request: RecordedRequest): Step {
  const text = inputOf(request)
  const facts = new Map([...text.matchAll(FACT)].map(([, name, code]) => [name, code]))
  const size = { input: Math.ceil(text.length / 4), output: 30 }
  if (isSummaryRequest(request))
    return {
      text: [...facts].map(([name, code]) => `The ${name} code is ${code}.`).join(' ') || 'Nothing.',
      usage: size,
    }
  const asked = [...text.matchAll(/What is the (\w+) code\?/g)].at(-1)?.[1]
  const last = text.slice(text.lastIndexOf('"role":"user"'))
  if (asked !== undefined && last.includes(`What is the ${asked} code?`))
    return { text: facts.has(asked) ? `It is ${facts.get(asked)}.` : 'I do not know.', usage: size }
  return { text: FILLER.repeat(2), usage: size }
}

/** Starts a server with this model. */
export async function rememberingModel() {
  const model = await openAIServer()
  model.otherwise(answerFromInput)
  return model
}
