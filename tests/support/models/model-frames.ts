// Frames as model servers send them, for answers that the script format cannot express.

/** A chunk of Chat Completions. */
export function chunk(delta: object, finish_reason: string | null = null): object {
  return {
    id: 'cc',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason }],
  }
}

/** Chunks with this text, in these pieces, and the end. */
export function textChunks(pieces: string[], finish = 'stop'): object[] {
  return [...pieces.map((content) => chunk({ content })), chunk({}, finish)]
}

/** A chunk with tool calls as given, and the one that ends the answer. */
export function callChunks(...deltas: object[][]): object[] {
  return [...deltas.map((tool_calls) => chunk({ tool_calls })), chunk({}, 'tool_calls')]
}

/** A function as it appears in a call of Chat Completions. */
export function functionCall(name: string, args: unknown): object {
  return { function: { name, arguments: typeof args === 'object' && args !== null ? JSON.stringify(args) : args } }
}

type End = { type?: string; status?: string; details?: object; output?: object[]; usage?: object }

/** The last event of Responses. */
export function endEvent(output: object[], { type = 'completed', status = type, details, usage }: End = {}): object {
  const counts = usage ?? { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
  const response = {
    id: 'resp_1',
    object: 'response',
    status,
    output,
    usage: counts,
    error: null,
    incomplete_details: details ?? null,
  }
  return { type: `response.${type}`, response }
}

/** Events of Responses with this text, in these pieces, and the end. */
export function textEvents(pieces: string[], end: End = {}): object[] {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const text = pieces.join('')
  const part = { type: 'output_text', text, annotations: [] }
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: end.status ?? 'completed',
    content: [part],
  }
  return [
    { type: 'response.output_item.added', output_index: 0, item: { ...message, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text },
    { type: 'response.content_part.done', ...at, part },
    { type: 'response.output_item.done', output_index: 0, item: message },
    endEvent([message], end),
  ]
}

/** Events of Responses with these calls, in which any field may be missing, and the end. */
export function callItems(...items: object[]): object[] {
  const whole = items.map((item) => ({ type: 'function_call', status: 'completed', ...item }))
  return [
    ...whole.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
    endEvent(whole),
  ]
}
