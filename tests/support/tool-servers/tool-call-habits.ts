import type { ServerResponse } from 'node:http'

// The habits of calls. Each is a tool of its name, which does its work before it answers, unless
// the habit is to refuse.

/** How a habit answers one request. */
export type Reply = {
  id: unknown
  response: ServerResponse
  /** A whole answer as JSON. */
  json: (message: unknown) => void
  result: (result: unknown) => void
  error: (code: unknown, message: unknown, data?: unknown) => void
  status: (status: number, headers?: Record<string, string>, body?: string) => void
  /** A stream with these messages, which ends unless it is left open. */
  stream: (messages: unknown[], options?: { open?: boolean; ids?: boolean }) => void
}

type Habit = (reply: Reply, name: string) => void

export const text = (value: string) => ({ type: 'text', text: value })
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')
const content =
  (...parts: unknown[]): Habit =>
  ({ result }) =>
    result({ content: parts })
const failed =
  (code: unknown, message: unknown): Habit =>
  ({ error }) =>
    error(code, message)
const said =
  (message: string): Habit =>
  ({ result }) =>
    result({ content: [text(message)], isError: true })
const status =
  (code: number, headers?: Record<string, string>, body?: string): Habit =>
  (reply) =>
    reply.status(code, headers, body)

/** The answer to a call, by the name of its tool. */
export const CALL_HABITS = {
  // Answers with a readable envelope and some unreadable parts.
  link_without_name: content(text('saved'), { type: 'resource_link', uri: 'https://files.example/1' }),
  link_without_uri: content(text('saved'), { type: 'resource_link', name: 'report' }),
  image_without_type: content(text('drawn'), { type: 'image', data: PNG }),
  image_that_is_none: content(text('drawn'), { type: 'image', data: '%%%', mimeType: 'image/png' }),
  unknown_type: content(text('done'), { type: 'hologram', depth: 3 }),
  part_without_type: content({ text: 'just text' }),
  part_is_a_string: content('just text'),
  string_content: ({ result }) => result({ content: 'forty-two' }),
  object_content: ({ result }) => result({ content: text('forty-two') }),
  null_content: ({ result }) => result({ content: null }),
  no_content: ({ result }) => result({}),
  list_as_structured: ({ result }) => result({ content: [], structuredContent: [1, 2, 3] }),
  wrong_structured: ({ result }) => result({ content: [text('booked')], structuredContent: { seat: 'A1' } }),
  error_with_odd_part: ({ result }) =>
    result({ content: [text('no such file'), { type: 'resource_link' }], isError: true }),
  // Unreadable envelopes.
  no_json: ({ response }) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc": "2.0", "resu'),
  result_is_a_string: ({ result }) => result('done'),
  no_jsonrpc: ({ json, id }) => json({ id, result: { content: [] } }),
  // Errors.
  quota: failed(-32000, 'Quota of 5 exports a day is used up, token abc123def456'),
  internal: failed(-32603, 'Internal error: disk full'),
  code_is_a_string: failed('-32000', 'Out of paper'),
  error_is_a_string: ({ json, id }) => json({ jsonrpc: '2.0', id, error: 'Out of paper' }),
  error_without_id: ({ json }) => json({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Out of paper' } }),
  method_not_found: failed(-32601, 'Method not found'),
  invalid_request: failed(-32600, 'Invalid request'),
  input_refused: failed(-32602, 'Input validation error: amount must be a number'),
  tool_unknown: failed(-32602, 'Unknown tool: tool_unknown'),
  tool_disabled: failed(-32602, 'Tool tool_disabled disabled'),
  output_refused: failed(
    -32602,
    'Output validation error: Tool output_refused has an output schema but no structured content was provided',
  ),
  params_refused: failed(-32602, 'Invalid params'),
  params_found_wrong_later: failed(-32602, 'Tool pay has charged the card, but the receipt was not found'),
  params_wrong_elsewhere: failed(-32602, 'Paid. The mailer complains of invalid arguments and of an unknown tool'),
  said_params_wrong_later: said('MCP error -32602: Tool pay has charged the card, but the receipt was not found'),
  tool_quoted_unknown: failed(-32602, "tool 'pay' not found: tool not found"),
  arguments_invalid_in_go: failed(-32602, 'invalid params: validating "arguments": missing properties: ["amount"]'),
  said_input_refused: said('MCP error -32602: Input validation error: amount must be a number'),
  said_output_refused: said(
    'MCP error -32602: Output validation error: Invalid structured content for tool said_output_refused',
  ),
  // Statuses.
  status_400: status(400),
  status_400_rpc: ({ id, ...reply }) =>
    reply.status(
      400,
      { 'content-type': 'application/json' },
      JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: 'Bad moon rising' } }),
    ),
  status_413: status(413),
  status_429: status(429, { 'retry-after': '40' }),
  status_503: status(503, { 'retry-after': '40' }),
  see_other: status(303, { location: '/mcp' }),
  // Answers that never arrive.
  accepted: status(202),
  stream_ends: ({ stream }) => stream([]),
  stream_ends_after_progress: ({ stream }) =>
    stream([{ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 1 } }]),
  stream_breaks: ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
    setTimeout(() => response.destroy(), 50)
  },
  stream_ends_for_good: ({ stream }) => stream([], { ids: true }),
  stream_garbles: ({ response }) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"jsonrpc":\n\n'),
  other_id: ({ json }) => json({ jsonrpc: '2.0', id: 4711, result: { content: [] } }),
  other_id_in_stream: ({ stream }) => stream([{ jsonrpc: '2.0', id: 4711, result: { content: [] } }], { open: true }),
  // What a server asks during a call.
  elicits: ({ stream, id }) =>
    stream([
      {
        jsonrpc: '2.0',
        id: 'e1',
        method: 'elicitation/create',
        params: { message: 'Really?', requestedSchema: { type: 'object', properties: {} } },
      },
      { jsonrpc: '2.0', id, result: { content: [text('client cannot answer')], isError: true } },
    ]),
  samples: ({ stream, id }) =>
    stream([
      { jsonrpc: '2.0', id: 's1', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } },
      { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } },
    ]),
  wants_roots: ({ stream }) => stream([{ jsonrpc: '2.0', id: 'r1', method: 'roots/list' }]),
  elicits_and_goes_on: ({ stream, id }) =>
    stream([
      {
        jsonrpc: '2.0',
        id: 'e2',
        method: 'elicitation/create',
        params: { message: 'Really?', requestedSchema: { type: 'object', properties: {} } },
      },
      { jsonrpc: '2.0', id, result: { content: [text('done without it')] } },
    ]),
  input_required: ({ result }) =>
    result({
      resultType: 'input_required',
      inputRequests: { a: { method: 'elicitation/create', params: {} } },
      requestState: 'x',
    }),
  url_elicitation: ({ error }) => error(-32042, 'Open this page first', { elicitations: [] }),
  // Large and odd contents.
  large_resource: content({ type: 'resource', resource: { uri: 'file:///log', text: 'x'.repeat(2_000_000) } }),
  large_blob: content({
    type: 'resource',
    resource: { uri: 'file:///zip', mimeType: 'application/zip', blob: 'A'.repeat(2_000_000) },
  }),
  many_texts: content(...Array.from({ length: 50 }, () => text('y'.repeat(39_000)))),
  thousands_of_parts: content(...Array.from({ length: 5_000 }, () => text('z'))),
  audio: content(text('listen'), { type: 'audio', data: 'A'.repeat(400_000), mimeType: 'audio/wav' }),
  large_structured: ({ result }) =>
    result({ content: [text('see the data')], structuredContent: { rows: 'w'.repeat(300_000) } }),
  picture_beside_link: content(
    text('the chart'),
    { type: 'image', data: PNG, mimeType: 'image/png' },
    { type: 'resource_link', name: 'chart', uri: 'https://files.example/chart' },
  ),
  picture_in_resource: content({
    type: 'resource',
    resource: { uri: 'file:///a.png', mimeType: 'image/png', blob: PNG },
  }),
  picture_called_jpeg: content({ type: 'image', data: PNG, mimeType: 'image/jpeg' }),
  svg: content({ type: 'image', data: SVG, mimeType: 'image/svg+xml' }),
  svg_called_png: content({ type: 'image', data: SVG, mimeType: 'image/png' }),
  tiff: content({ type: 'image', data: 'SUkqAAgAAAA=', mimeType: 'image/tiff' }),
  structured_beside: ({ result }) =>
    result({ content: [text('two seats')], structuredContent: { seats: ['A1', 'A2'] } }),
  structured_as_text: ({ result }) =>
    result({ content: [text('{"seats":["A1"]}')], structuredContent: { seats: ['A1'] } }),
  structured_wrapped: ({ result }) =>
    result({ content: [text('forty-two')], structuredContent: { result: 'forty-two' } }),
  emoji_at_the_cut: content(text(`${'a'.repeat(39_999)}👩‍👩‍👧‍👦 and more`)),
  halves_and_nuls: ({ response, id }) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":"a\\ud83d b\\u0000c"}]}}`,
      ),
} satisfies Record<string, Habit>

export type CallHabit = keyof typeof CALL_HABITS
