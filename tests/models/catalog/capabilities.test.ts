import { expect, test } from 'vitest'
import { PICTURE } from '#lib/agent/models/examination/probe.ts'
import { announceAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

test.each(['responses', 'chat_completions'] as const)('what a model cannot take is not sent to it: %s', async (api) => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words' })
  await using server = await openAIServer()
  server.otherwise(() => ({ text: 'hello' }))
  const admin = await signedIn({ role: 'admin' })
  const can = { tools: true, pictures: true, files: true, reasoningLevels: [] }
  const all = await offerModel(admin.caller, server.url, { capabilities: can, provider: { api } })
  const none = await offerModel(admin.caller, server.url, {
    capabilities: { ...can, tools: false, pictures: false },
    provider: { api },
  })
  const ann = await signedIn()
  const bytes = Buffer.from(PICTURE.split(',')[1] ?? '', 'base64')
  const attach = async () => {
    const file = { name: 'red.png', size: bytes.length, mime_type: 'image/png' }
    const { id } = await announceAttachment(ann.caller, file)
    await receiveAttachment(ann.caller, id, bytes)
    return id
  }
  for (const [model, sees] of [
    [all.id, true],
    [none.id, false],
  ] as const) {
    const input = typed('what is this?', { attachments: [await attach()], inference_options: { model } })
    expect(said((await agentDoor(ann).ask({ type: 'threads.create', params: { input } })).events)).toBe('hello')
    const { body } = server.requests.at(-1) ?? {}
    expect([sees, JSON.stringify(body).includes('data:image/png')]).toEqual([sees, sees])
    expect([sees, JSON.stringify(body).includes('A picture is left out')]).toEqual([sees, !sees])
    expect([sees, body?.tools !== undefined && (body.tools as unknown[]).length > 0]).toEqual([sees, sees])
  }
})

test('a fallback that can call no tools gets none, although the first model had them', async () => {
  withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words' })
  await using one = await openAIServer()
  await using other = await openAIServer({ text: 'Second here.' })
  one.otherwise(() => ({ fault: { kind: 'status', status: 401 } }))
  const admin = await signedIn({ role: 'admin' })
  const capabilities = { tools: false, pictures: true, files: true, reasoningLevels: [] }
  const fallback = await offerModel(admin.caller, other.url, { capabilities })
  const first = await offerModel(admin.caller, one.url, { fallbackId: fallback.id })
  const input = typed('hello', { inference_options: { model: first.id } })
  const { events } = await agentDoor(await signedIn()).ask({ type: 'threads.create', params: { input } })
  expect(said(events)).toBe('Second here.')
  const offered = [one, other].map(({ requests }) => ((requests[0]?.body.tools ?? []) as unknown[]).length)
  expect(offered).toEqual([expect.any(Number), 0])
  expect(offered[0]).toBeGreaterThan(0)
})
