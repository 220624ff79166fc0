import type { Model, ModelRequest } from '@openai/agents'

/** A tool that a model can call in a test. Nobody carries it out. */
export const TOOL: ModelRequest['tools'][number] = {
  type: 'function',
  name: 'add',
  description: 'Adds two numbers.',
  parameters: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
  strict: false,
}

/** A red picture of 32 by 32 pixels (PNG). */
export const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR42mN4ICBAU8QwasGoBaMWjFowasGoBaMWjFowasGoBaMWDBULALgcAD3G45K4AAAAAElFTkSuQmCC'

/** What a model answered: its text, in how many pieces it came, and the calls that it asked for. */
type Answer = { text: string; deltas: number; calls: string[] }

/** Asks a model one question, without a conversation around it. Throws what the model throws. */
export async function ask(model: Model, { text, picture, tools = [], reasoning, signal }: Question): Promise<Answer> {
  const shown = picture === undefined ? [] : [{ type: 'input_image' as const, image: picture, detail: 'auto' }]
  const request: ModelRequest = {
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }, ...shown] }],
    modelSettings: reasoning === undefined ? {} : { reasoning: { effort: reasoning as never } },
    tools,
    outputType: 'text',
    handoffs: [],
    tracing: false,
    signal,
  }
  const answer: Answer = { text: '', deltas: 0, calls: [] }
  for await (const event of model.getStreamedResponse(request)) {
    if (event.type === 'output_text_delta') {
      answer.deltas += 1
      answer.text = (answer.text + event.delta).slice(0, 10_000)
    } else if (event.type === 'response_done')
      for (const item of event.response.output)
        if (item.type === 'function_call') answer.calls.push(`${item.name}(${item.arguments.slice(0, 100)})`)
  }
  return answer
}

type Question = {
  text: string
  /** A data URL. */
  picture?: string
  tools?: ModelRequest['tools']
  reasoning?: string
  signal: AbortSignal
}
