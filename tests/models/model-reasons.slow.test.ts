import { beforeEach, describe, expect, test, vi } from 'vitest'
import { RUN_FAILURES, type RunFailureClass } from '#lib/data/runs/run-failures.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { log } from '#lib/platform/log.ts'
import { conversation, halfOpen } from '#tests/support/conversation.ts'
import { type Answer, APIS, jsonAnswer, rawModel, streamAnswer } from '#tests/support/models/raw-model.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// What model servers say about a failure, in their own words. Each has its class, its sentence, its
// advice, and whether it can be retried.

let caller: Caller
beforeEach(async () => {
  caller = (await signedIn()).caller
})

const error = (message: string, more: object = {}) => ({ error: { message, ...more } })

type Case = [name: string, expected: RunFailureClass, status: number, body: unknown]

const CASES: Case[] = [
  [
    'OpenAI',
    'model_too_long',
    400,
    error('Your input exceeds the context window of this model.', { code: 'context_length_exceeded', param: 'input' }),
  ],
  [
    'OpenAI, a minute’s tokens',
    'model_too_long',
    429,
    error(
      'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 42000. The input or output tokens must be reduced in order to run successfully.',
      { code: 'rate_limit_exceeded' },
    ),
  ],
  [
    'llama.cpp',
    'model_too_long',
    400,
    error('the request exceeds the available context size. try increasing the context size or enable context shift', {
      code: 400,
      type: 'exceed_context_size_error',
      n_ctx: 4096,
    }),
  ],
  [
    'vLLM, at the top',
    'model_too_long',
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
  ],
  [
    'vLLM, the decoder',
    'model_too_long',
    400,
    error(
      'The decoder prompt (length 9000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.',
    ),
  ],
  [
    'SGLang',
    'model_too_long',
    400,
    {
      object: 'error',
      message: "The input (9000 tokens) is longer than the model's context length (4096 tokens).",
      code: 400,
    },
  ],
  [
    'Gemini, in a list',
    'model_too_long',
    400,
    [
      error('The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).', {
        code: 400,
        status: 'INVALID_ARGUMENT',
      }),
    ],
  ],
  [
    'Anthropic',
    'model_too_long',
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    },
  ],
  [
    'LM Studio',
    'model_too_long',
    400,
    {
      error:
        'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.',
    },
  ],
  [
    'Mistral',
    'model_too_long',
    400,
    {
      object: 'error',
      message: 'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_error',
    },
  ],
  [
    'text-generation-inference',
    'model_too_long',
    422,
    {
      error:
        'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9000 `inputs` tokens and 20 `max_new_tokens`',
      error_type: 'validation',
    },
  ],
  [
    'OpenAI',
    'model_quota',
    429,
    error('You exceeded your current quota, please check your plan and billing details.', {
      code: 'insufficient_quota',
    }),
  ],
  ['OpenAI', 'model_limited', 429, error('Rate limit reached for gpt-4o', { code: 'rate_limit_exceeded' })],
  ['Bedrock', 'model_limited', 429, { message: 'Too many tokens, please wait before trying again.' }],
  ['OpenRouter', 'model_payment', 402, error('Insufficient credits', { code: 402 })],
  [
    'Anthropic',
    'model_payment',
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' },
    },
  ],
  [
    'Azure',
    'model_filtered',
    400,
    error("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", {
      code: 'content_filter',
      innererror: { code: 'ResponsibleAIPolicyViolation' },
    }),
  ],
  ['OpenRouter', 'model_filtered', 403, error('Input was flagged by moderation', { code: 403 })],
  [
    'Qwen',
    'model_filtered',
    400,
    error('Input data may contain inappropriate content.', { code: 'data_inspection_failed' }),
  ],
  [
    'Ollama',
    'model_no_tools',
    400,
    error('registry.ollama.ai/library/gemma3:latest does not support tools', { type: 'api_error' }),
  ],
  [
    'vLLM',
    'model_no_tools',
    400,
    {
      object: 'error',
      message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
      code: 400,
    },
  ],
  ['OpenRouter', 'model_no_tools', 404, error('No endpoints found that support tool use.', { code: 404 })],
  ['llama.cpp', 'model_no_tools', 500, error('tools param requires --jinja flag', { code: 500, type: 'server_error' })],
  [
    'OpenAI',
    'model_not_found',
    404,
    error('The model `gpt-9` does not exist or you do not have access to it.', { code: 'model_not_found' }),
  ],
  ['OpenRouter', 'model_not_found', 400, error('gpt-9 is not a valid model ID', { code: 400 })],
  ['Ollama', 'model_not_found', 404, error('model "gemma9" not found, try pulling it first', { type: 'api_error' })],
  ['LM Studio', 'model_not_found', 400, { error: 'No models loaded. Please load a model in the developer page.' }],
  [
    'OpenAI',
    'model_file_refused',
    400,
    error('The image data you provided does not represent a valid image.', {
      code: 'invalid_image_format',
      param: 'input[0].content[1].image_url',
    }),
  ],
  ['vLLM', 'model_file_refused', 400, { object: 'error', message: 'llama is not a multimodal model', code: 400 }],
  [
    'llama.cpp',
    'model_file_refused',
    500,
    error('image input is not supported - hint: if this is unexpected, you may need to provide the mmproj', {
      code: 500,
    }),
  ],
  [
    'Anthropic',
    'model_file_refused',
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'The PDF specified is password protected.' } },
  ],
  [
    'OpenAI',
    'model_schema_refused',
    400,
    error("Invalid schema for function 'no_such': schema must have type 'object'", {
      code: 'invalid_function_parameters',
      param: 'tools[300].function.parameters',
    }),
  ],
  [
    'OpenAI',
    'model_too_many_tools',
    400,
    error(
      "Invalid 'tools': array too long. Expected an array with maximum length 64, but got an array with length 151 instead.",
      {
        code: 'array_above_max_length',
        param: 'tools',
      },
    ),
  ],
  ['nginx', 'model_too_large', 413, '<html><head><title>413 Request Entity Too Large</title></head></html>'],
  [
    'llama.cpp, a schema',
    'model_schema_refused',
    400,
    error('JSON schema conversion failed:\nUnrecognized schema: {"type":"x"}'),
  ],
  [
    'Ollama, a schema',
    'model_schema_refused',
    400,
    error(
      'json: cannot unmarshal array into Go struct field .tools.function.parameters.properties.type of type string',
    ),
  ],
  [
    'FastAPI',
    'model_unprocessable',
    422,
    { detail: [{ loc: ['body', 'stream_options'], msg: 'extra fields not permitted', type: 'value_error.extra' }] },
  ],
  [
    'OpenAI, a country',
    'model_region',
    403,
    error('Country, region, or territory not supported', {
      code: 'unsupported_country_region_territory',
      type: 'request_forbidden',
      param: null,
    }),
  ],
  [
    'Gemini, a country',
    'model_region',
    400,
    error('User location is not supported for the API use.', { code: 400, status: 'FAILED_PRECONDITION' }),
  ],
  [
    'Anthropic on Bedrock, a country',
    'model_region',
    400,
    { message: 'Access to Anthropic models is not allowed from unsupported countries, regions, or territories.' },
  ],
  ['OpenRouter, a region', 'model_region', 403, error('This model is not available in your region.', { code: 403 })],
  ['Azure, a region', 'model_region', 400, error('The requested model is not supported in region eastus.')],
  ['Cloudflare, a country', 'model_region', 403, 'error code: 1009'],
  ['a law', 'model_region', 451, error('Unavailable For Legal Reasons')],
  [
    'OpenAI, a key without rights',
    'model_unauthorised',
    403,
    error('You have insufficient permissions for this operation. Missing scopes: model.request', {
      type: 'invalid_request_error',
    }),
  ],
  ['Mistral', 'model_unauthorised', 401, { message: 'Unauthorized', request_id: 'req_body' }],
  ['a bad request', 'model_rejected', 400, error("Expecting ',' delimiter: line 1 column 14 (char 13)")],
]

const overloaded: Case[] = [
  ['OpenAI', 'model_overloaded', 503, error('The engine is currently overloaded, please try again later')],
  ['Anthropic', 'model_overloaded', 529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
  [
    'Gemini',
    'model_overloaded',
    503,
    [error('The model is overloaded. Please try again later.', { code: 503, status: 'UNAVAILABLE' })],
  ],
  ['a proxy', 'model_error', 500, 'upstream connect error'],
]

describe.each(APIS)('over %s', (api) => {
  const settings = (url: string) =>
    withSettings({
      OPENAI_BASE_URL: url,
      OPENAI_API: api,
      OPENAI_API_KEY: 'the-key-of-this-test',
      MCP_BUILTIN: 'off',
      MODEL_WAIT_MAX: '0',
    })

  async function failWith(answer: Answer) {
    await using server = await rawModel(answer)
    settings(server.url)
    const warned = vi.spyOn(log, 'warn')
    const chat = await conversation(caller)
    const turn = await chat.say('hello')
    server.answer(streamAnswer(api, { text: 'Here again.' }))
    expect((await chat.say('and now?')).text, 'the next message works').toBe('Here again.')
    expect(halfOpen(turn.events)).toEqual([])
    const [line] = warned.mock.calls.filter(([, text]) => text === 'agent turn failed')
    return { turn, logged: line?.[0] as unknown as Record<string, unknown> }
  }

  const expectClass = ({ turn, logged }: Awaited<ReturnType<typeof failWith>>, failureClass: RunFailureClass) => {
    const { sentence, retry } = RUN_FAILURES[failureClass]
    expect(turn.failed?.failureClass).toBe(failureClass)
    expect(turn.error).toMatchObject({ message: sentence, allowRetry: retry })
    expect(logged).toMatchObject({ failure_class: failureClass })
  }

  test.each([...CASES, ...overloaded])('%s: %s by HTTP %i', async (_, failureClass, status, body) => {
    expectClass(await failWith(jsonAnswer(status, body)), failureClass)
  })

  // In a stream or a 200 there is no status to go by, unless the error contains one.
  const told = CASES.filter(
    ([name, , status, body]) => status === 400 && name !== 'a bad request' && !Array.isArray(body),
  )
  test.each(told)('%s: %s in a frame', async (_, failureClass, __, body) => {
    const said = body as { error?: unknown }
    const frame = said.error ? said : { error: said }
    const failed = { type: 'response.failed', response: { id: 'resp_1', status: 'failed', output: [], ...frame } }
    const frames =
      api === 'responses'
        ? [`event: response.failed\ndata: ${JSON.stringify(failed)}\n\n`]
        : [`data: ${JSON.stringify(frame)}\n\ndata: [DONE]\n\n`]
    expectClass(
      await failWith((response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end(frames.join('')),
      ),
      failureClass,
    )
  })

  test.each(told)('%s: %s in a 200', async (_, failureClass, __, body) => {
    const said = body as { error?: unknown }
    expectClass(await failWith(jsonAnswer(200, said.error ? said : { error: said })), failureClass)
  })

  test('a separate error event has its class', async () => {
    const frames = [
      'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"Slow down.","param":null}\n\n',
    ]
    expectClass(
      await failWith((response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(frames[0])),
      'model_limited',
    )
  })

  test('the log and the run have the status, code, message and the provider’s request id, without secrets', async () => {
    const { turn, logged } = await failWith(
      jsonAnswer(
        400,
        error('No such thing, Bearer 7f3Kq9ZtLmX2vB8nRw5cYd', {
          code: 'odd_request',
          type: 'invalid_request_error',
          param: 'top_k',
        }),
        {
          'x-request-id': 'req_123',
        },
      ),
    )
    expect(turn.failed?.detail).toEqual({
      status: 400,
      code: 'odd_request',
      type: 'invalid_request_error',
      param: 'top_k',
      message: 'No such thing, Bearer [redacted]',
      requestId: 'req_123',
    })
    expect(logged).toMatchObject({
      failure_class: 'model_rejected',
      model_status: 400,
      model_code: 'odd_request',
      model_message: 'No such thing, Bearer [redacted]',
      model_request_id: 'req_123',
    })
  })

  test('the error of an upstream provider is kept', async () => {
    const raw = JSON.stringify(error('image too wide'))
    const { turn } = await failWith(
      jsonAnswer(400, error('Provider returned error', { code: 400, metadata: { provider_name: 'X', raw } })),
    )
    expect(turn.failed).toMatchObject({
      failureClass: 'model_file_refused',
      detail: { message: expect.stringContaining('image too wide') },
    })
  })

  test('API keys are never repeated', async () => {
    const said = 'Incorrect API key provided: the-key-of-this-test, sk-abc or sk-proj-****wxyz.'
    const { turn } = await failWith(jsonAnswer(401, error(said)))
    expect(turn.failed?.detail?.message).toBe('Incorrect API key provided: [redacted], [redacted] or [redacted]')
  })
})
