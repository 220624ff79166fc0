import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Model, ModelRequest } from '@openai/agents'
import { expect, onTestFinished, test, vi } from 'vitest'
import { DEMO_MODEL } from '#lib/agent/models/catalog/settings-models.ts'
import { examineModel } from '#lib/agent/models/examination/examine-model.ts'
import { meterModel } from '#lib/agent/models/usage/metered-model.ts'
import { forgetStoredModels } from '#lib/data/models/stored-models.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Requests that no model reads cost nothing, and those of a test are counted whatever they send.

const rowsOf = (ownerId: string) => withSystem('usage', (tx) => tx.modelRequest.findMany({ where: { ownerId } }))

test.each(['whose address is forbidden', 'whose key cannot be read'] as const)(
  'a model %s is not asked, so its person has used nothing',
  async (why) => {
    withSettings({ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words' })
    await using server = await openAIServer()
    const prices = { input: 1_000_000_000, cachedInput: 1_000_000_000, output: 1_000_000_000 }
    const { id, providerId } = await offerModel((await signedIn({ role: 'admin' })).caller, server.url, { prices })
    if (why === 'whose address is forbidden') withSettings({ MODEL_ALLOW_PRIVATE: 'off' })
    else
      await withSystem('models', (tx) =>
        tx.modelProvider.update({ where: { id: providerId }, data: { sealedSecrets: 'sealed otherwise' } }),
      )
    forgetStoredModels()
    const ann = await signedIn()
    const input = typed('hello', { inference_options: { model: id } })
    const { events } = await agentDoor(ann).ask({ type: 'threads.create', params: { input } })
    expect(events.some(({ type }) => type === 'error')).toBe(true)
    expect(server.requests).toEqual([])
    await expect.poll(async () => (await rowsOf(ann.person.id)).length).toBe(1)
    expect(await rowsOf(ann.person.id)).toMatchObject([
      { outcome: 'failed', inputTokens: 0, outputTokens: 0, costMicros: 0n },
    ])
  },
)

test('a request that was stopped before it is sent is neither sent nor counted', async () => {
  const keep = vi.fn()
  const getStreamedResponse = vi.fn()
  const about = { ownerId: 'usr_nobody', purpose: 'answer' as const }
  const model = meterModel({ getStreamedResponse } as unknown as Model, DEMO_MODEL, { about, keep })
  const request = { input: 'hello', tools: [], handoffs: [], signal: AbortSignal.abort() } as unknown as ModelRequest
  await expect(model.getStreamedResponse(request)[Symbol.asyncIterator]().next()).rejects.toThrow(/abort/i)
  expect([keep, getStreamedResponse].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
})

test('the speech of a test counts as the use of whoever tests', async () => {
  const server = http.createServer((request, response) => {
    request.resume()
    const said = { text: '', usage: { type: 'tokens', input_tokens: 9, output_tokens: 1 } }
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const access = { id: 'file:P', name: 'P', baseUrl, api: 'responses', reach: null, isReadable: true } as const
  const model = { ...DEMO_MODEL, model: 'ears', uses: ['transcription' as const] }
  const admin = await signedIn({ role: 'admin' })
  const findings = await examineModel(model, { ...access, key: undefined, headers: {} }, admin.person.id)
  expect(findings.at(-1)).toMatchObject({ name: 'Speech', outcome: 'ok' })
  await expect.poll(async () => (await rowsOf(admin.person.id)).length).toBe(1)
  expect(await rowsOf(admin.person.id)).toMatchObject([
    { purpose: 'test', model: 'ears', outcome: 'done', inputTokens: 9, outputTokens: 1, isEstimated: false },
  ])
})
