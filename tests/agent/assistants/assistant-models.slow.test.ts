import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { takeNewestTurns } from '#lib/agent/context/window/newest-turns.ts'
import { modelsFor } from '#lib/agent/models/catalog/models-for.ts'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { saveAssistant } from '#lib/data/assistants/assistants.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { agentDoor, said, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Assistants with models of their own, at two servers of different kinds.

/** Two providers: `first` is everybody's default, `second` is offered to the admins alone or to all. */
function withModels(first: string, second: string, audience: object, more: object = {}): void {
  const file = path.join(tmpdir(), `models-${randomUUID()}.json`)
  const model = (name: string) => ({ name, model: name, contextTokens: 100_000 })
  const providers = [
    {
      ...{ name: 'One', baseUrl: first, api: 'responses', key: 'k1' },
      models: [{ ...model('Alpha'), default: true, ...more }],
    },
    {
      ...{ name: 'Two', baseUrl: second, api: 'chat_completions', key: 'k2' },
      models: [{ ...model('Beta'), audience }],
    },
  ]
  writeFileSync(file, JSON.stringify({ providers }))
  withSettings({
    MODELS_FILE: file,
    OPENAI_API_KEY: undefined,
    OPENAI_BASE_URL: undefined,
    THREAD_TITLES: 'first_words',
  })
}

async function saveExpert(name: string) {
  const admin = (await signedIn({ role: 'admin' })).caller
  const offered = await modelsFor({ id: admin.userId, role: 'admin' })
  const model = offered.find((one) => one.name === name)?.id ?? 'none'
  const slug = `e${randomUUID().slice(0, 8)}`
  await saveAssistant(admin, slug, AssistantConfig.parse({ name: 'Expert', model }), { base: 0 })
  return slug
}

test('a specialist answers with its own model, which gets no thoughts of another, and goes on with it after an approval', async () => {
  await using one = await openAIServer()
  await using two = await openAIServer()
  withModels(one.url, two.url, { kind: 'everybody' })
  const slug = await saveExpert('Beta')
  const ann = await signedIn()
  one.script(
    { calls: [{ name: 'add_task', arguments: { title: 'Milk' } }] },
    { reasoning: 'A thought of mine.', calls: [{ name: `hand_to_${slug}`, arguments: {} }] },
  )
  two.script({ calls: [{ name: 'delete_task', arguments: { number: 1 } }] }, { text: 'Deleted.' })
  const reply = await agentDoor(ann).begin('add milk, then delete it')
  const [card] = widgets(reply.events)
  const { events } = await agentDoor(ann).press(threadOf(reply), card as never, 'Approve')
  expect(said(events)).toBe('Deleted.')
  expect([one.faults, two.faults]).toEqual([[], []])
  expect(JSON.stringify(two.requests)).not.toContain('A thought of mine')
  expect(two.requests).toHaveLength(2)
  const runs = await withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))
  expect(runs.map(({ model, provider }) => [model, provider])).toEqual([
    ['Beta', 'Two'],
    ['Beta', 'Two'],
  ])
})

test('nothing goes to a provider that is not offered to the person: the specialist is not there for them', async () => {
  await using one = await openAIServer()
  await using two = await openAIServer()
  withModels(one.url, two.url, { kind: 'chosen', roles: ['admin'], people: [] })
  const slug = await saveExpert('Beta')
  const ann = await signedIn()
  one.script({ calls: [{ name: `hand_to_${slug}`, arguments: {} }] }, { text: 'I answer.' })
  expect(said((await agentDoor(ann).begin('a secret')).events)).toBe('I answer.')
  expect(two.requests).toEqual([])
  expect(JSON.stringify(one.requests[0]?.body)).not.toContain(slug)
})

test('a model that takes no tools is offered no handover, which is one', async () => {
  await using one = await openAIServer({ text: 'I answer.' })
  withModels(one.url, one.url, { kind: 'everybody' }, { tools: false })
  const slug = await saveExpert('Beta')
  expect(said((await agentDoor(await signedIn()).begin('hi')).events)).toBe('I answer.')
  const body = one.requests[0]?.body as { tools?: unknown[] }
  expect(body.tools ?? []).toEqual([])
  expect(JSON.stringify(body)).not.toContain('hand over')
  expect(slug).toBeTruthy()
})

test('a model with a small window gets the newest part of what is handed to it, from a message of the person on', () => {
  const say = (role: 'user' | 'assistant', text: string) =>
    role === 'user'
      ? { type: 'message' as const, role, content: [{ type: 'input_text' as const, text }] }
      : {
          type: 'message' as const,
          role,
          status: 'completed' as const,
          content: [{ type: 'output_text' as const, text }],
        }
  const history = Array.from({ length: 50 }, (_, at) => say(at % 2 ? 'assistant' : 'user', `${at} ${'x'.repeat(400)}`))
  const fitted = takeNewestTurns(history, 2_000)
  expect(fitted.length).toBeLessThan(12)
  expect(fitted[0]).toMatchObject({ role: 'user' })
  expect(fitted.at(-1)).toBe(history.at(-1))
  expect(takeNewestTurns(history, 1_000_000)).toBe(history)
  // The person's last message is never lost, however long it is.
  const long = [say('user', 'first'), say('user', 'y'.repeat(100_000))]
  expect(takeNewestTurns(long, 1_000)).toEqual([long[1]])
})
