import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { untrustedTls } from '#tests/support/tool-servers/fault-server.ts'
import { oddSseServer } from '#tests/support/tool-servers/odd-sse-server.ts'
import { type OddServer, oddToolServer } from '#tests/support/tool-servers/odd-tool-server.ts'
import { openInTime } from '#tests/support/tool-servers/open-in-time.ts'
import type { CallHabit } from '#tests/support/tool-servers/tool-call-habits.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

// What real tool servers get wrong, over real sockets, and what the ledger, the chat and the model
// are told.

let ann: Caller
let odd: OddServer

beforeAll(async () => {
  ann = (await signedIn()).caller
  odd = await oddToolServer()
})
afterAll(() => odd[Symbol.asyncDispose]())

async function call(habit: CallHabit) {
  const before = odd.done.length
  // Without a person who could answer a question.
  const mcp = await openInTime(ann, [toolServer(odd.url)], {})
  const result = await mcp.connections[0]?.callToolResult(habit, {})
  await mcp.close()
  const rows = (await listToolCalls({ caller: ann })).data.filter(({ tool }) => tool === habit)
  const row = await findToolCall({ caller: ann }, rows[0]?.id ?? '')
  const content = result?.content ?? []
  const text = content.map((part) => (part.type === 'text' ? String(part.text) : `<${part.type}>`)).join('\n')
  return { text, content, isError: result?.isError, row, rows, ran: odd.done.length - before }
}

describe('a call counts as made if part of its answer can be read', () => {
  test.each<[CallHabit, string]>([
    ['link_without_name', 'saved\n[link: https://files.example/1, https://files.example/1]'],
    [
      'link_without_uri',
      'saved\n[A part of this answer of the type "resource_link" could not be read (uri missing): {"type":"resource_link","name":"report"}]',
    ],
    ['image_without_type', 'drawn\n<image>'],
    ['image_that_is_none', 'drawn\n[A part of this answer of the type "image" could not be read'],
    [
      'unknown_type',
      'done\n[A part of this answer of the type "hologram" could not be read: {"type":"hologram","depth":3}]',
    ],
    ['part_without_type', 'just text'],
    ['part_is_a_string', 'just text'],
    ['string_content', 'forty-two'],
    ['object_content', 'forty-two'],
    ['null_content', 'Done.'],
    ['no_content', 'Done.'],
    ['list_as_structured', '[1,2,3]'],
  ])('%s', async (habit, expected) => {
    const { text, row, rows, ran } = await call(habit)
    expect(ran).toBe(1)
    expect(rows).toHaveLength(1)
    expect(row).toMatchObject({ status: 'succeeded', failureClass: null })
    expect(text.startsWith(expected), text).toBe(true)
  })

  test('wrong_structured: a remark says that the schema is not met', async () => {
    const expected = 'booked\n[The structured content of this answer does not fit the schema of the tool'
    // The check may take 100 ms (check-output.ts). On a machine that is too busy for it, it is left out
    // for a minute, for that list of tools, which each person has of their own.
    const remark = async () => {
      ann = (await signedIn()).caller
      const { text, row, rows, ran } = await call('wrong_structured')
      expect([ran, rows.length]).toEqual([1, 1])
      expect(row).toMatchObject({ status: 'succeeded', failureClass: null })
      expect(text).toMatch(/^booked/)
      return text.startsWith(expected)
    }
    await expect.poll(remark, { interval: 500 }).toBe(true)
  })

  test('error_with_odd_part: the tool’s own error is reported', async () => {
    const { text, row } = await call('error_with_odd_part')
    expect(row).toMatchObject({ status: 'failed', failureClass: 'tool_error' })
    expect(text).toContain('no such file')
  })
})

describe('the ledger never says "not made" of a call that may have been made', () => {
  test.each<[CallHabit, status: string, failureClass: string, said: string]>([
    ['no_json', 'unknown', 'protocol_error', 'could not be understood'],
    ['result_is_a_string', 'unknown', 'protocol_error', 'could not be understood'],
    ['no_jsonrpc', 'unknown', 'protocol_error', 'could not be understood'],
    ['quota', 'unknown', 'server_error', 'It said: Quota of 5 exports a day is used up, token [redacted]'],
    ['internal', 'unknown', 'server_error', 'It said: Internal error: disk full'],
    ['code_is_a_string', 'unknown', 'server_error', 'It said: Out of paper'],
    ['error_is_a_string', 'unknown', 'server_error', 'It said: Out of paper'],
    ['error_without_id', 'unknown', 'server_error', 'It said: Out of paper'],
    ['method_not_found', 'failed', 'server_error', 'It said: Method not found'],
    ['invalid_request', 'failed', 'server_error', 'It said: Invalid request'],
    ['input_refused', 'failed', 'bad_arguments', 'It said: Input validation error: amount must be a number'],
    ['tool_unknown', 'failed', 'bad_arguments', 'It said: Unknown tool: tool_unknown'],
    ['tool_disabled', 'failed', 'bad_arguments', 'It said: Tool tool_disabled disabled'],
    ['output_refused', 'unknown', 'server_error', 'It said: Output validation error'],
    ['params_refused', 'unknown', 'server_error', 'It said: Invalid params'],
    ['params_found_wrong_later', 'unknown', 'server_error', 'the receipt was not found'],
    ['params_wrong_elsewhere', 'unknown', 'server_error', 'It said: Paid.'],
    ['said_params_wrong_later', 'unknown', 'tool_error', 'the receipt was not found'],
    ['tool_quoted_unknown', 'failed', 'bad_arguments', 'not found'],
    ['arguments_invalid_in_go', 'failed', 'bad_arguments', 'missing properties'],
    ['said_input_refused', 'failed', 'bad_arguments', 'Input validation error: amount must be a number'],
    ['said_output_refused', 'unknown', 'tool_error', 'Output validation error'],
    ['status_400', 'unknown', 'protocol_error', 'could not be understood'],
    ['status_400_rpc', 'unknown', 'server_error', 'It said: Bad moon rising'],
    ['status_413', 'failed', 'too_large', 'too large for the server of this tool'],
    ['status_429', 'failed', 'overloaded', 'Try again in 40 seconds.'],
    ['status_503', 'unknown', 'outcome_unknown', 'server of this tool failed'],
    ['see_other', 'unknown', 'protocol_error', 'could not be understood'],
    ['accepted', 'unknown', 'protocol_error', 'never answered it'],
    ['stream_ends', 'unknown', 'transport_lost', 'ended its answer before the result came'],
    ['stream_ends_after_progress', 'unknown', 'transport_lost', 'ended its answer before the result came'],
    ['stream_breaks', 'unknown', 'transport_lost', 'ended its answer before the result came'],
    ['stream_ends_for_good', 'unknown', 'transport_lost', 'ended its answer before the result came'],
    ['stream_garbles', 'unknown', 'protocol_error', 'could not be understood'],
    ['other_id', 'unknown', 'protocol_error', 'answered a different request'],
    ['other_id_in_stream', 'unknown', 'protocol_error', 'answered a different request'],
    ['elicits', 'failed', 'input_required', 'asked for an answer from the person (elicitation)'],
    ['samples', 'failed', 'input_required', 'asked for an answer from the model (sampling)'],
    ['wants_roots', 'unknown', 'input_required', 'asked for a list of folders (roots)'],
    ['input_required', 'unknown', 'input_required', 'asked for an answer from the person (elicitation)'],
    ['url_elicitation', 'unknown', 'input_required', 'asked for an answer from the person (elicitation)'],
  ])('%s: %s, %s', async (habit, status, failureClass, said) => {
    const { text, row, rows, ran } = await call(habit)
    expect(row).toMatchObject({ status, failureClass })
    expect(row.errorMessage).toContain(said)
    expect(text).toContain(said)
    expect(text).toContain(`(${failureClass})`)
    expect(text.includes('may have taken effect')).toBe(status === 'unknown')
    expect(ran, 'sent once').toBe(1)
    expect(rows).toHaveLength(1)
    expect(JSON.stringify([text, row])).not.toContain('abc123def456')
  })

  test('a question from the server does not make a completed call a failure', async () => {
    expect((await call('elicits_and_goes_on')).row).toMatchObject({ status: 'succeeded', failureClass: null })
  })
})

test.each<[habit: string, status: string, failureClass: string | null, said: string]>([
  ['other_id', 'unknown', 'protocol_error', 'answered a different request'],
  ['stream_ends', 'unknown', 'transport_lost', 'ended its answer before the result came'],
  ['stream_breaks', 'unknown', 'transport_lost', 'ended its answer before the result came'],
  ['string_content', 'succeeded', null, 'forty-two'],
  ['quota', 'unknown', 'server_error', 'It said: Quota of 5 exports a day is used up'],
  ['post_unanswered', 'succeeded', null, 'done'],
  ['post_breaks_late', 'succeeded', null, 'done'],
  ['post_breaks', 'unknown', 'transport_lost', 'may have taken effect'],
  ['post_401', 'failed', 'unauthorised', 'did not accept our sign-in'],
  ['post_403', 'failed', 'forbidden', 'does not allow this'],
  ['post_404', 'failed', 'session_lost', 'no longer knows our session'],
  ['post_413', 'failed', 'too_large', 'too large for the server of this tool'],
  ['post_429', 'failed', 'overloaded', 'Try again in 40 seconds.'],
  ['post_500', 'unknown', 'outcome_unknown', 'server of this tool failed'],
])('over HTTP+SSE, %s: %s, %s', async (habit, status, failureClass, said) => {
  withSettings({ MCP_CALL_TIMEOUT: '5' })
  await using server = await oddSseServer()
  const mcp = await openInTime(ann, [toolServer(server.url, { transport: 'sse' })])
  const result = await mcp.connections[0]?.callToolResult(habit, {})
  await mcp.close()
  const [row] = (await listToolCalls({ caller: ann })).data
  expect(row).toMatchObject({ status, failureClass, tool: habit })
  expect(textOf(result)).toContain(said)
})

test('a server’s error text appears in the chat, the next model request and the ledger, without secrets', async () => {
  // Ann has a run for each call above.
  const ben = (await signedIn()).caller
  await using model = await openAIServer({ calls: [{ name: 'quota', arguments: {} }] }, { text: 'I see.' })
  withSettings({
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: odd.url,
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'k',
  })
  await (await openInTime(ben)).close()
  const turn = await (await conversation(ben)).say('export it')
  const [row] = (await listToolCalls({ caller: ben })).data
  for (const place of [turn.workflows, model.requests.at(-1)?.body, row]) {
    expect(JSON.stringify(place)).toContain('Quota of 5 exports a day is used up, token [redacted]')
    expect(JSON.stringify(place)).not.toContain('abc123def456')
  }
})

describe('the model gets what it can use of an answer', () => {
  test.each<[CallHabit, string]>([
    ['large_resource', 'more characters were cut off'],
    ['large_blob', 'application/zip, 1500000 bytes, which cannot be shown here'],
    ['many_texts', 'more parts were left out'],
    ['thousands_of_parts', '4800 more parts were left out'],
    ['audio', '[recording: audio/wav, 300000 bytes'],
    ['large_structured', 'more characters were cut off'],
  ])('%s: at most 40,000 characters in total', async (habit, expected) => {
    const { text, content } = await call(habit)
    expect(text).toContain(expected)
    expect(JSON.stringify(content).length).toBeLessThan(habit === 'thousands_of_parts' ? 10_000 : 41_000)
  })

  test.each<[CallHabit, string[]]>([
    ['picture_beside_link', ['text', 'image', 'text']],
    ['picture_in_resource', ['image']],
    ['picture_called_jpeg', ['image']],
    ['svg', ['text']],
    ['svg_called_png', ['text']],
    ['tiff', ['text']],
  ])('%s: an image only if it is one', async (habit, types) => {
    const { content } = await call(habit)
    expect(content.map(({ type }) => type)).toEqual(types)
    for (const part of content) if (part.type === 'image') expect(part.mimeType).toBe('image/png')
  })

  test.each<[CallHabit, string]>([
    ['structured_beside', 'two seats\n{"seats":["A1","A2"]}'],
    ['structured_as_text', '{"seats":["A1"]}'],
    ['structured_wrapped', 'forty-two'],
  ])('%s: structured content only if no text has it', async (habit, expected) => {
    expect((await call(habit)).text).toBe(expected)
  })

  test('emoji_at_the_cut: the text is cut before the emoji', async () => {
    expect((await call('emoji_at_the_cut')).text).toMatch(/a\n\[\d+ more characters were cut off\]$/)
  })
})

test('lone surrogates and NUL are never sent to a model; over Chat Completions an image follows its tool’s answer', async () => {
  // Ann has a run for each call above.
  const ben = (await signedIn()).caller
  await using model = await openAIServer(
    { calls: [{ name: 'halves_and_nuls', arguments: {} }] },
    { calls: [{ name: 'picture_beside_link', arguments: {} }] },
    { text: 'Seen.' },
  )
  const settings = {
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: odd.url,
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'chat_completions',
    OPENAI_API_KEY: 'k',
  }
  withSettings(settings)
  await (await openInTime(ben)).close()
  const turn = await (await conversation(ben)).say('look \ud83d at\u0000 it')
  expect(turn.text).toBe('Seen.')
  const bodies = model.requests.map(({ body }) => JSON.stringify(body))
  for (const body of bodies) expect(body).not.toMatch(/\\u0000|\\ud[89a-f]/i)
  const messages = model.requests.at(-1)?.body.messages as { role: string; content: unknown }[]
  expect(messages.slice(-2)).toMatchObject([
    { role: 'tool', content: expect.stringContaining('the chart') },
    {
      role: 'user',
      content: [{ type: 'text' }, { type: 'image_url', image_url: { url: expect.stringMatching(/^data:image\/png/) } }],
    },
  ])
})

test('a self-signed certificate is reported in every turn, even if the server is not asked again', async () => {
  await using server = await untrustedTls()
  const open = async () => {
    const mcp = await openMcp(await callingRun(ann), { servers: [toolServer(server.url)] })
    await mcp.close()
    return mcp.unavailable
  }
  // The first turn waits only briefly. On a busy machine it may not know yet.
  await vi.waitFor(async () => expect(await open()).toMatchObject([{ failureClass: 'tls' }]), 20_000)
  for (let turn = 0; turn < 5; turn += 1)
    expect(await open()).toMatchObject([
      { failureClass: 'tls', sentence: expect.stringContaining('secure connection') },
    ])
})
