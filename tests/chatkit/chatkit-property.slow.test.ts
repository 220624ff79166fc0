import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { PARAMS } from '#lib/chatkit/protocol/requests.ts'
import type { Act, Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { door, message, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'

// Whatever is sent, there is no 5xx, a refusal changes nothing that is stored, and no answer
// contains hidden content.

const SECRET = 'never-to-be-seen'
type Signed = Awaited<ReturnType<typeof signedIn>>
let ann: Signed
let known: { threads: string[]; items: string[] }

const respond: Respond<TurnContext> = async function* (turn) {
  const hidden = {
    thread_id: turn.thread.id,
    created_at: new Date().toISOString(),
    type: 'hidden_context_item' as const,
    content: SECRET,
  }
  yield { type: 'thread.item.done', item: { id: turn.store.newItemId('hidden_context'), ...hidden } }
  yield* message(turn, ['ok'])
}

const act: Act<TurnContext> = async function* ({ sender }) {
  yield { type: 'progress_update', text: 'pressed' }
  if (sender) yield { type: 'thread.item.replaced', item: sender }
}

beforeAll(async () => {
  env().RUNS_PER_MINUTE = 100_000
  ann = await signedIn()
  const ask = door(ann, respond)
  const threads = [
    threadOf(await ask({ type: 'threads.create', params: { input: typed('hi') } })),
    threadOf(await ask({ type: 'threads.create', params: { input: typed('ho') } })),
  ]
  const store = createPrismaStore(ann.caller)
  const put = (thread_id: string, more: object) =>
    store.addItem(thread_id, { thread_id, created_at: '2026-01-01T00:00:00Z', ...more } as ThreadItem)
  for (const id of threads) {
    await put(id, {
      id: 'form',
      type: 'structured_input',
      status: 'pending',
      inputs: [{ type: 'freeform', id: 'q', question: '?' }],
    })
    await put(id, { id: 'widget', type: 'widget', widget: { type: 'Card' } })
    await put(id, { id: 'hidden', type: 'sdk_hidden_context', content: SECRET })
    await put(id, { id: 'call', type: 'client_tool_call', status: 'pending', call_id: 'c', name: 'n', arguments: {} })
  }
  known = { threads, items: ['form', 'widget', 'hidden', 'call'] }
})

/** How much is stored, and when it last changed. */
async function stored(): Promise<unknown> {
  return withCaller(ann.caller, async (tx) => [
    await tx.thread.aggregate({ _count: true, _max: { updatedAt: true, seq: true } }),
    await tx.threadItem.findMany({ select: { seq: true, data: true }, orderBy: { seq: 'desc' }, take: 20 }),
    await tx.threadItem.count(),
    await tx.run.count(),
    await tx.attachment.findMany({ select: { id: true, data: true }, orderBy: { id: 'asc' } }),
    await tx.feedback.findMany({ orderBy: { id: 'asc' } }),
  ])
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '\0', '\ud800', '__proto__', 'thr_nope'),
)
const junk = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>
const threadId = fc.oneof({ weight: 5, arbitrary: fc.nat(1).map((n) => known.threads[n]) }, text, junk)
const itemId = fc.oneof({ weight: 5, arbitrary: fc.nat(3).map((n) => known.items[n]) }, text, junk)
const input = fc.record(
  {
    content: fc.oneof(
      fc.array(
        fc.oneof(
          fc.record({ type: fc.constant('input_text'), text }),
          fc.record(
            { type: fc.constant('input_tag'), id: text, text, data: fc.dictionary(text, junk) },
            { requiredKeys: ['type', 'id', 'text'] },
          ),
          junk,
        ),
        { maxLength: 3 },
      ),
      junk,
    ),
    attachments: fc.oneof(fc.constant([]), fc.array(text, { maxLength: 2 }), junk),
    quoted_text: fc.oneof(text, fc.constant(null)),
    inference_options: fc.oneof(fc.constant({}), fc.constant({ model: 'm', tool_choice: { id: 't' } }), junk),
    status: fc.constantFrom('answered', 'skipped', 'odd'),
    answers: fc.oneof(
      fc.dictionary(fc.constantFrom('q', '__proto__', 'toString'), fc.record({ values: fc.array(text) })),
      junk,
    ),
  },
  { requiredKeys: ['content'] },
)

/** A request whose shape is often valid and often almost valid. */
const request = fc.record(
  {
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...Object.keys(PARAMS)) }, text, junk),
    params: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record(
          {
            thread_id: threadId,
            item_id: itemId,
            input,
            result: junk,
            action: fc.oneof(fc.record({ type: text, payload: junk }), junk),
            limit: fc.oneof(fc.integer({ min: -1, max: 200 }), fc.constant(null), fc.double()),
            order: fc.constantFrom('asc', 'desc', null, 'up'),
            after: fc.oneof(itemId, fc.constant(null)),
            title: text,
            item_ids: fc.oneof(fc.array(text, { maxLength: 3 }), junk),
            kind: fc.constantFrom('positive', 'negative', 'odd'),
            attachment_id: text,
            name: text,
            size: fc.double(),
            mime_type: text,
            audio_base64: fc.oneof(fc.base64String(), text),
          },
          { requiredKeys: [] },
        ),
      },
      junk,
    ),
    metadata: fc.oneof(fc.constant({}), fc.record({ request_id: fc.oneof(fc.uuid(), text) }), junk),
  },
  { requiredKeys: ['type'] },
)

/** One valid request of each operation except the deletion of a thread. */
const right = (): { type: string; params: Record<string, unknown> }[] => {
  const [thread_id, other] = known.threads
  const action = { type: 'press', payload: { n: 1 } }
  const content = [{ type: 'input_tag', id: 'u', text: 'Ann', data: { a: null }, group: 'People', interactive: true }]
  return [
    { type: 'threads.create', params: { input: { ...typed('hi', { quoted_text: 'q' }), content } } },
    {
      type: 'threads.add_user_message',
      params: { thread_id, input: typed('hi', { inference_options: { tool_choice: { id: 't' } } }) },
    },
    { type: 'threads.add_client_tool_output', params: { thread_id: other, result: { a: [1] } } },
    {
      type: 'threads.add_structured_input',
      params: { thread_id, item_id: 'form', input: { answers: { q: { values: ['x'] } } } },
    },
    { type: 'threads.retry_after_item', params: { thread_id, item_id: 'form' } },
    { type: 'threads.custom_action', params: { thread_id, item_id: 'widget', action } },
    { type: 'threads.sync_custom_action', params: { thread_id, item_id: 'widget', action } },
    { type: 'threads.get_by_id', params: { thread_id } },
    { type: 'threads.list', params: { limit: 2, order: 'asc', after: other } },
    { type: 'threads.update', params: { thread_id, title: 'A name' } },
    { type: 'threads.stop', params: { thread_id } },
    { type: 'threads.attach', params: { thread_id, after: 1 } },
    { type: 'items.list', params: { thread_id, limit: 2, order: 'desc', after: 'widget' } },
    { type: 'items.feedback', params: { thread_id, item_ids: ['widget'], kind: 'positive' } },
    { type: 'attachments.create', params: { name: 'a.txt', size: 3, mime_type: 'text/plain' } },
    { type: 'attachments.delete', params: { attachment_id: 'atc_nope' } },
    { type: 'input.transcribe', params: { audio_base64: 'aGk=', mime_type: 'audio/webm' } },
  ]
}

type Mutation = { at: number; how: 'delete' | 'replace' | 'wrap' | 'extra' | 'none'; by: unknown }
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(30),
  how: fc.constantFrom('delete' as const, 'replace' as const, 'wrap' as const, 'extra' as const, 'none' as const),
  by: fc.oneof(junk, text, fc.constantFrom('x'.repeat(300), -1, 1.5, 2 ** 53, 'hidden', 'atc_nope')),
})

/** Changes one place in a JSON value. Places are counted from the outside in. */
function mutate(value: unknown, { at, how, by }: Mutation): unknown {
  const places: [Record<string, unknown>, string][] = []
  const collect = (node: unknown) => {
    if (node === null || typeof node !== 'object') return
    for (const [key, inner] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, key])
      collect(inner)
    }
  }
  collect(value)
  const [node, key] = places[at % places.length] ?? []
  if (!node || key === undefined || how === 'none') return value
  if (how === 'delete') delete node[key]
  else if (how === 'extra') node[`${key}_x`] = by
  else node[key] = how === 'wrap' ? [node[key]] : by
  return value
}

const mutated = fc
  .tuple(fc.nat(16), fc.array(mutation, { minLength: 1, maxLength: 2 }))
  .map(([index, mutations]) => mutations.reduce<unknown>(mutate, structuredClone(right()[index])))

test('a random request is answered, or refused without a trace, and never reveals hidden content', {
  timeout: 120_000,
}, async () => {
  const ask = door(ann, respond, act)
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 5, arbitrary: request as fc.Arbitrary<unknown> }, { weight: 5, arbitrary: mutated }, junk),
      async (body) => {
        // The two threads must stay, so that the other requests have something to work on.
        fc.pre((body as { type?: unknown } | null)?.type !== 'threads.delete')
        const before = await stored()
        const reply = await ask(JSON.stringify(body) ?? 'undefined')
        seen.set(reply.status, (seen.get(reply.status) ?? 0) + 1)
        expect(reply.status).toBeLessThan(500)
        if (reply.status >= 400) {
          expect(await stored()).toEqual(before)
          expect(reply.data.message).toMatch(/\S.*[.]$/s)
        }
        expect(JSON.stringify([reply.data, reply.events])).not.toContain(SECRET)
        expect(
          reply.events.filter((event) => event.type === 'error' && event.code === 'stream.error' && event.allow_retry),
        ).toEqual([])
      },
    ),
    { numRuns: 400 },
  )
  expect([...seen.keys()].sort()).toEqual(expect.arrayContaining([200, 400, 404]))
})
