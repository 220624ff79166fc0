import fc from 'fast-check'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { toolset } from '#mcp/toolset.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'

const RUNS = 300
const LEAK =
  /\bat .{1,200}:\d+:\d+|\/work\/|node_modules|\.ts\b|prisma|postgres|P2\d{3}|ZodError|TypeError|invalid_(type|value|union)/i
/** In capitals, as our statements are: a tool's description may say from where to delete. */
const SQL = /\b(SELECT|INSERT|UPDATE|DELETE) .* (FROM|INTO|SET|WHERE)\b/

let caller: Caller
let token: string
beforeAll(async () => {
  caller = (await signedIn()).caller
  token = await personalToken(caller)
})
beforeEach(clear)

async function clear(): Promise<void> {
  await withCaller(caller, async (tx) => {
    await tx.task.deleteMany()
    await tx.note.deleteMany()
    await tx.toolCall.deleteMany()
  })
}

/** Everything that a call could have written for anyone, except the ledger. */
function stored(): Promise<unknown> {
  return withSystem('admin', async (tx) => [
    await tx.task.findMany({ orderBy: { number: 'asc' } }),
    await tx.note.findMany({ orderBy: { id: 'asc' } }),
  ])
}

async function send(body: string, headers: Record<string, string> = {}) {
  const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers }
  const response = await handleMcp(new Request('http://127.0.0.1:3999/mcp', { method: 'POST', headers: all, body }))
  return { status: response.status, text: await response.text() }
}

function expectHarmless({ status, text }: { status: number; text: string }, sent: string): void {
  expect(status, sent).toBeLessThan(500)
  expect(text.match(LEAK)?.[0] ?? text.match(SQL)?.[0], sent).toBeUndefined()
  expect(text, sent).not.toMatch(/Something went wrong on our side/)
}

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '\udfff x',
    "'; DROP TABLE notes; --",
    '%_\\',
    '../../etc/passwd',
    '{{7*7}}',
    '\u202e',
    'x'.repeat(2_000),
  ),
)
const odd: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, 2 ** 53, -(2 ** 31) - 1, [], {}, { __proto__: 1 }, [[[]]]),
  fc.object({ maxDepth: 3, maxKeys: 4, withNullPrototype: false }),
)
const oddKey = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'user_id', ''), oddText)

test('random messages never cause a 5xx, leak internals or store anything', async () => {
  const METHODS = [
    'initialize',
    'ping',
    'tools/list',
    'resources/list',
    'prompts/list',
    'notifications/cancelled',
    'server/discover',
    'subscriptions/listen',
  ]
  const message = fc.record(
    {
      jsonrpc: fc.oneof({ weight: 5, arbitrary: fc.constant('2.0') }, odd),
      id: fc.oneof({ weight: 3, arbitrary: fc.integer() }, odd),
      method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...METHODS) }, odd),
      params: odd,
      result: odd,
      error: odd,
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    message.map((value) => JSON.stringify(value)),
    fc.array(message, { maxLength: 3 }).map((value) => JSON.stringify(value)),
    message.map((value) => JSON.stringify(value).slice(0, -3)),
  )
  await fc.assert(
    fc.asyncProperty(body, async (sent) => expectHarmless(await send(sent), sent)),
    { numRuns: RUNS * 2 },
  )
  expect(await stored()).toEqual([[], []])
  expect(await withSystem('admin', (tx) => tx.toolCall.count())).toBe(0)
})

test('random arguments never break a tool: it answers, or reports an error and stores nothing', async () => {
  for (const { name, input } of toolset) {
    const near = fc.record(Object.fromEntries(Object.keys(input.shape).map((field) => [field, odd])), {
      requiredKeys: [],
    })
    const args = fc.oneof(near, fc.dictionary(oddKey, odd, { maxKeys: 4 }), odd)
    await fc.assert(
      fc.asyncProperty(args, async (given) => {
        const sent = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } })
        const before = await stored()
        const answer = await send(sent)
        expectHarmless(answer, sent)
        const { result, error } = JSON.parse(answer.text)
        if (error || result.isError) expect(await stored(), sent).toEqual(before)
        else expect(result.structuredContent, sent).toBeTruthy()
      }),
      { numRuns: RUNS / 10 },
    )
    await clear()
  }
})

test('random parameters never break resources, prompts or completion', async () => {
  const methods = fc.constantFrom(
    'resources/read',
    'resources/list',
    'prompts/get',
    'completion/complete',
    'resources/subscribe',
    'logging/setLevel',
  )
  const name = fc.oneof(fc.constantFrom('plan_my_day', 'find_in_notes', 'summarise_note'), oddText)
  const params = fc.oneof(
    odd,
    fc.record(
      {
        uri: fc.oneof(
          oddText,
          oddText.map((text) => `note://${text}`),
        ),
        cursor: oddText,
      },
      { requiredKeys: [] },
    ),
    fc.record({
      name,
      arguments: fc.dictionary(fc.oneof(fc.constantFrom('note', 'question', 'day'), oddKey), oddText),
    }),
    fc.record({
      ref: fc.oneof(
        fc.record({ type: fc.constant('ref/prompt'), name }),
        fc.constant({ type: 'ref/resource', uri: 'note://{id}' }),
        odd,
      ),
      argument: fc.record({ name: fc.oneof(fc.constantFrom('id', 'note', 'day'), oddText), value: oddText }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(methods, params, async (method, given) => {
      const sent = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: given })
      expectHarmless(await send(sent), sent)
    }),
    { numRuns: RUNS },
  )
  expect(await stored()).toEqual([[], []])
})

test('arbitrary headers never cause a 5xx', async () => {
  const value = fc.string({ unit: fc.constantFrom(...'abc~.=,;:/*"0129 -_%'), maxLength: 60 })
  const headers = fc.record(
    {
      'mcp-session-id': fc.oneof(
        value,
        value.map((text) => `~${text}`),
        value.map((text) => `x.${Buffer.from(text).toString('base64url')}`),
      ),
      'mcp-protocol-version': fc.oneof(fc.constantFrom('2024-11-05', '2025-11-25', '2026-07-28', '1999-01-01'), value),
      'mcp-method': value,
      'mcp-name': value,
      'last-event-id': value,
      accept: value,
      'content-type': fc.oneof(fc.constantFrom('application/json; charset=utf-8', 'application/json'), value),
      authorization: fc.oneof(
        fc.constant(`Bearer ${'x'.repeat(5_000)}`),
        value,
        value.map((text) => `Bearer ${text}`),
      ),
      host: fc.oneof(fc.constant('127.0.0.1:3999'), value),
      origin: value,
      'x-request-id': value,
    },
    { requiredKeys: [] },
  )
  const whoami = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  await fc.assert(
    fc.asyncProperty(headers, async (given) => expectHarmless(await send(whoami, given), JSON.stringify(given))),
    { numRuns: RUNS, examples: [[{}]] },
  )
})
