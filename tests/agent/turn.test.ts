import { expect, test } from 'vitest'
import { POST } from '#app/api/chatkit/route.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// The whole path on real parts: the browser's JSON in, server-sent events out, rows in PostgreSQL,
// and the admin's query finds the call. Only the model is scripted, behind a real socket.

function ask(body: unknown, headers: Record<string, string>): Promise<Response> {
  return POST(
    new Request('http://127.0.0.1:3999/api/chatkit', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: 'http://127.0.0.1:3999',
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body: JSON.stringify(body),
    }),
  )
}

const message = (text: string) => ({ content: [{ type: 'input_text', text }], attachments: [], inference_options: {} })

async function events(response: Response): Promise<ThreadStreamEvent[]> {
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const frames = (await response.text()).split('\n\n').filter(Boolean)
  return frames.map((frame) => JSON.parse(frame.replace(/^(: ping\n)*data: /, '')) as ThreadStreamEvent)
}

const textOf = (stream: ThreadStreamEvent[]) =>
  stream
    .flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'assistant_message' ? event.item.content : [],
    )
    .map((part) => part.text)
    .join('\n')

test('a message becomes a tool call on the caller’s own data, an answer, and a row in the ledger', async () => {
  await using model = await openAIServer(
    { calls: [{ name: 'add_task', arguments: { title: 'buy milk', user_id: 'usr_somebody_else' } }] },
    { text: ['I added ', 'your task.'], usage: { input: 120, output: 12 } },
    { calls: [{ name: 'list_tasks', arguments: {} }] },
    { text: 'One task is open.' },
  )
  withSettings({
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'test-key',
    OPENAI_MODEL: 'scripted',
  })
  const ann = await signedIn({ name: 'Ann Admin', role: 'admin', timeZone: 'Europe/Vienna' })
  const bob = await signedIn({ name: 'Bob' })

  const first = await events(
    await ask({ type: 'threads.create', params: { input: message('add a task: buy milk') } }, ann.headers),
  )
  const created = first.find((event) => event.type === 'thread.created')
  const threadId = created?.type === 'thread.created' ? created.thread.id : ''
  expect(first.slice(0, 3).map((event) => event.type)).toEqual(['thread.created', 'thread.item.done', 'stream_options'])
  expect(textOf(first)).toBe('I added your task.')
  expect(first.some((event) => event.type === 'thread.item.done' && event.item.type === 'workflow')).toBe(true)

  // The person comes from the session. The other user that the model named is ignored.
  const tasks = await withCaller(ann.caller, (tx) => tx.task.findMany())
  expect(tasks).toMatchObject([{ ownerId: ann.person.id, title: 'buy milk', number: 1 }])

  const ledger = await listToolCalls({ admin: true }, { threadId })
  expect(ledger.data).toMatchObject([{ tool: 'add_task', status: 'succeeded', ownerId: ann.person.id, threadId }])
  const run = await withCaller(ann.caller, (tx) =>
    tx.run.findFirstOrThrow({ where: { id: ledger.data[0]?.runId ?? '' } }),
  )
  expect(run).toMatchObject({ status: 'done', model: 'scripted', threadId })
  expect(run.inputTokens).toBeGreaterThanOrEqual(120)

  // The model of a later turn knows the earlier tool result. Identity and time reach it with the
  // instructions.
  const second = await events(
    await ask(
      { type: 'threads.add_user_message', params: { thread_id: threadId, input: message('what is open?') } },
      ann.headers,
    ),
  )
  expect(textOf(second)).toBe('One task is open.')
  const later = JSON.stringify(model.requests[2]?.body)
  expect(later).toContain('buy milk')
  expect(later).toContain('function_call_output')
  expect(later).toContain('Ann Admin')
  expect(later).toContain('Europe/Vienna')

  // The other person sees none of it, and cannot tell the thread from one that does not exist.
  const read = (id: string) => ask({ type: 'threads.get_by_id', params: { thread_id: id } }, bob.headers)
  const [foreign, missing] = await Promise.all([
    read(threadId),
    read(threadId.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))),
  ])
  expect([foreign.status, missing.status]).toEqual([404, 404])
  const sentence = async (response: Response) => ((await response.json()) as { message: string }).message
  expect(await sentence(foreign)).toBe(await sentence(missing))
  const own = await (await ask({ type: 'threads.list', params: {} }, bob.headers)).json()
  expect(own).toMatchObject({ data: [] })

  // What is read back is what was streamed, without the hidden items.
  const thread = (await (
    await ask({ type: 'threads.get_by_id', params: { thread_id: threadId } }, ann.headers)
  ).json()) as {
    items: { data: { type: string }[] }
  }
  expect(thread.items.data.map((item) => item.type)).toEqual([
    'user_message',
    'workflow',
    'assistant_message',
    'user_message',
    'workflow',
    'widget',
    'assistant_message',
  ])
})

test('a visitor, another site and a wrong body are refused with a sentence, and nothing is stored', async () => {
  const ann = await signedIn()
  const body = { type: 'threads.create', params: { input: message('hello') } }
  const refused = async (response: Response, status: number) => {
    expect(response.status).toBe(status)
    expect(((await response.json()) as { message: string }).message).toMatch(/^\S.*\.$/)
  }
  await refused(await ask(body, {}), 401)
  await refused(
    await ask(body, { ...ann.headers, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }),
    403,
  )
  await refused(await ask(body, { ...ann.headers, 'content-type': 'text/plain' }), 415)
  await refused(await ask({ type: 'threads.explode', params: {} }, ann.headers), 400)
  expect(await withCaller(ann.caller, (tx) => tx.thread.count())).toBe(0)
})
