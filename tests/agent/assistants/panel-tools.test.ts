import { expect, test } from 'vitest'
import { GET } from '#app/api/me/servers/route.ts'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { saveAssistant } from '#lib/data/assistants/assistants.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

test('the panel shows the tools of the assistant that answers, or that is chosen', async () => {
  await using model = await openAIServer(
    { calls: [{ name: 'hand_to_travel', arguments: {} }] },
    { text: 'Where to?' },
    { text: 'Hello.' },
  )
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' })
  const [admin, ann, bob] = [await signedIn({ role: 'admin' }), await signedIn(), await signedIn()]
  const save = (slug: string, config: object) =>
    saveAssistant(admin.caller, slug, AssistantConfig.parse({ name: slug, ...config }), { base: 0 })
  const own = [{ server: 'switchboard', tools: ['list_*'] }]
  await save('travel', { tools: { kind: 'chosen', servers: own } })
  await save('talk', { tools: { kind: 'none' } })
  await save('secret', {
    ...{ tools: { kind: 'none' }, audience: { kind: 'chosen', roles: ['admin'], people: [] } },
  })
  const tools = async (query: string, { headers } = ann) => {
    const response = await GET(new Request(`http://127.0.0.1:3999/api/me/servers${query}`, { headers }))
    const { servers } = (await response.json()) as { servers: { tools: { name: string }[] }[] }
    return servers.flatMap((server) => server.tools.map(({ name }) => name)).sort()
  }
  const all = await tools('')
  const lists = all.filter((name) => name.startsWith('list_'))
  expect(lists.length).toBeGreaterThan(0)
  expect(all.length).toBeGreaterThan(lists.length)
  expect(await tools('?assistant=travel')).toEqual(lists)
  expect(await tools('?assistant=talk')).toEqual([])
  // One that the person may not use does not answer, nor one that is not there.
  for (const slug of ['secret', 'missing', '%00'])
    expect([slug, await tools(`?assistant=${slug}`)]).toEqual([slug, all])
  const thread = threadOf(await agentDoor(ann).begin('I need a trip'))
  expect(await tools(`?thread=${thread}&assistant=talk`)).toEqual(lists)
  // Another person's conversation is none.
  expect(await tools(`?thread=${thread}`, bob)).toEqual(all)
})
