import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { makeModelClient } from '#lib/agent/models/open-model.ts'
import { withoutKeys } from '#lib/agent/models/openai/failures/known-keys.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { typed } from '#tests/support/chatkit/chatkit.ts'
import { offerModel } from '#tests/support/models/offer-model.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// What goes along with a request to a provider, and where it goes.

/** A server on loopback that answers each request with `answer` and notes its headers. */
async function serve(answer: (response: http.ServerResponse) => void) {
  const asked: http.IncomingHttpHeaders[] = []
  const server = http.createServer((request, response) => {
    asked.push(request.headers)
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` }
}

test('what the client reads from the environment goes to the server of the settings alone', async () => {
  await using own = await openAIServer({ text: 'hello' })
  await using other = await openAIServer({ text: 'hello' })
  withSettings({
    ...{ MODEL_ALLOW_PRIVATE: 'on', THREAD_TITLES: 'first_words', OPENAI_API: 'responses' },
    ...{ OPENAI_BASE_URL: own.url, OPENAI_API_KEY: 'key-of-the-settings', OPENAI_MODEL: 'own' },
    ...{ OPENAI_ORG_ID: 'org-1', OPENAI_PROJECT_ID: 'proj-1', OPENAI_CUSTOM_HEADERS: 'x-gateway-key: of the operator' },
  })
  const { id } = await offerModel((await signedIn({ role: 'admin' })).caller, other.url)
  const ann = await signedIn()
  for (const model of [id, 'settings']) {
    const input = typed('hello', { inference_options: { model } })
    expect(said((await agentDoor(ann).ask({ type: 'threads.create', params: { input } })).events)).toBe('hello')
  }
  const ofOperator = ['openai-organization', 'openai-project', 'x-gateway-key']
  const [ours, theirs] = [own, other].map(({ requests }) => Object.keys(requests[0]?.headers ?? {}))
  expect(ours).toEqual(expect.arrayContaining(ofOperator))
  expect(theirs?.filter((name) => ofOperator.includes(name))).toEqual([])
})

test('extra headers, which may be keys, follow no redirect to another host', async () => {
  const other = await serve((response) => response.end('{}'))
  const one = await serve((response) => response.writeHead(307, { location: `${other.url}/models` }).end())
  const access = { id: 'file:P', name: 'P', baseUrl: one.url, api: 'responses', reach: null, isReadable: true } as const
  const client = makeModelClient({ ...access, key: 'key', headers: { 'api-key': 'another key' } }, { waits: false })
  await expect(client.models.list()).rejects.toThrow()
  expect([one.asked[0]?.['api-key'], other.asked]).toEqual(['another key', []])
})

test('a key that was replaced stays out of what its provider says late', () => {
  const access = { id: 'prv_1', name: 'P', baseUrl: 'http://127.0.0.1:9/v1', api: 'responses' } as const
  const [before, after] = ['the-key-before-the-change', 'the-key-after-the-change']
  for (const key of [before, after]) makeModelClient({ ...access, key, headers: {}, reach: null, isReadable: true })
  expect(withoutKeys(`Incorrect API key provided: ${before}, ${after}`)).not.toMatch(/the-key/)
})
