import { describe, expect, test } from 'vitest'
import { requestFaults } from '#tests/support/models/model-request.ts'

// The tests' model server rejects what OpenAI and vLLM reject.

const call = (more: object = {}, asked: object = {}) => ({
  id: 'c1',
  type: 'function',
  function: { name: 'look', arguments: '{}', ...asked },
  ...more,
})
const assistant = (...tool_calls: object[]) => ({ role: 'assistant', content: null, tool_calls })
const answer = (tool_call_id = 'c1') => ({ role: 'tool', tool_call_id, content: 'ok' })
const hello = { role: 'user', content: 'hello' }
const chat = (...messages: object[]) => requestFaults('chat', { model: 'm', messages })

describe('chat completions', () => {
  test('a valid request has no fault', () => {
    expect(
      chat({ role: 'system', content: 's' }, hello, assistant(call(), call({ id: 'c2' })), answer('c2'), answer(), {
        role: 'assistant',
        content: 'x',
      }),
    ).toEqual([])
  })

  const wrong: [string, object[]][] = [
    ['no messages', []],
    ['an unknown role', [{ role: 'robot', content: 'x' }]],
    ['an empty assistant message', [hello, { role: 'assistant', content: '' }]],
    ['an empty part', [{ role: 'user', content: [{ type: 'text', text: '' }] }]],
    ['an empty list of calls', [hello, assistant()]],
    ['arguments that are null', [hello, assistant(call({}, { arguments: 'null' })), answer()]],
    ['arguments that are not JSON', [hello, assistant(call({}, { arguments: '{' })), answer()]],
    ['arguments that are an object', [hello, assistant(call({}, { arguments: {} })), answer()]],
    ['a name with a dot', [hello, assistant(call({}, { name: 'a.b' })), answer()]],
    ['a call without an id', [hello, assistant(call({ id: '' })), answer('')]],
    ['an id used twice', [hello, assistant(call()), answer(), assistant(call()), answer()]],
    ['an id that is too long', [hello, assistant(call({ id: 'x'.repeat(41) })), answer('x'.repeat(41))]],
    ['a call without an answer', [hello, assistant(call()), hello]],
    ['an answer without a call', [hello, answer()]],
    ['two answers to one call', [hello, assistant(call()), answer(), answer()]],
    ['a field of another provider', [hello, { role: 'assistant', content: 'x', reasoning: 'y' }]],
    ['a field of another provider in a call', [hello, assistant(call({ extra_content: {} })), answer()]],
    ['a lone surrogate', [{ role: 'user', content: '\ud83d' }]],
  ]
  test.each(wrong)('rejected: %s', (_, messages) => {
    expect(chat(...messages)).not.toEqual([])
  })

  test('a server accepts the fields that it sent itself', () => {
    const messages = [hello, assistant(call({ extra_content: {} })), answer()]
    expect(requestFaults('chat', { model: 'm', messages }, new Set(['extra_content']))).toEqual([])
  })
})

describe('responses', () => {
  const asked = { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' }
  const given = { type: 'function_call_output', call_id: 'c1', output: 'ok' }
  const responses = (...input: object[]) => requestFaults('responses', { model: 'm', input })

  test('a valid request has no fault', () => {
    expect(responses(hello, { type: 'reasoning', id: 'rs_1', summary: [] }, { ...asked, id: 'fc_1' }, given)).toEqual(
      [],
    )
  })

  const wrong: [string, object[]][] = [
    ['no input', []],
    ['an item of an unknown type', [{ type: 'thing' }]],
    ['a foreign id of a message', [{ role: 'assistant', id: 'x', content: 'y' }]],
    ['a foreign id of a call', [hello, { ...asked, id: 'x' }, given]],
    ['a call without an id', [hello, { ...asked, call_id: undefined }]],
    ['a call without an answer', [hello, asked]],
    ['an answer without a call', [hello, given]],
    ['two answers', [hello, asked, given, given]],
    ['an id used twice', [hello, asked, given, asked, given]],
    ['arguments that are a list', [hello, { ...asked, arguments: '[]' }, given]],
    ['a name with a bar', [hello, { ...asked, name: 'a<|b' }, given]],
    ['reasoning without what follows it', [{ type: 'reasoning', id: 'rs_1', summary: [] }, hello]],
    ['a part of the wrong kind', [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }]],
  ]
  test.each(wrong)('rejected: %s', (_, input) => {
    expect(responses(...input)).not.toEqual([])
  })
})

test.each(['chat', 'responses'] as const)(
  'tools over %s: an invalid name, a duplicate name and parameters that are not an object are rejected',
  (api) => {
    const tool = (name: string, parameters: object = { type: 'object' }) =>
      api === 'chat' ? { type: 'function', function: { name, parameters } } : { type: 'function', name, parameters }
    const faults = (...tools: object[]) => requestFaults(api, { model: 'm', messages: [hello], input: [hello], tools })
    expect(faults(tool('a'), tool('b'))).toEqual([])
    for (const tools of [[tool('a.b')], [tool('a'), tool('a')], [tool('a', { type: 'array' })]])
      expect(faults(...tools)).not.toEqual([])
  },
)
