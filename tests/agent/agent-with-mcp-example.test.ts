import { OpenAIProvider } from '@openai/agents'
import { expect, test } from 'vitest'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { ask } from '../../examples/agent-with-mcp/ask.ts'

test('an agent on the unmodified SDK works with the tasks of the token’s owner', async () => {
  const { caller } = await signedIn()
  const methods: string[] = []
  const server = await serve(async (request) => {
    const copy = request.clone()
    if (request.method === 'POST') methods.push((await copy.json()).method)
    return handleMcp(request)
  })
  await using models = await openAIServer(
    { calls: [{ name: 'add_task', arguments: { title: 'buy milk' } }] },
    { calls: [{ name: 'list_tasks', arguments: {} }] },
    { text: 'I added it.' },
  )
  try {
    const provider = new OpenAIProvider({ apiKey: 'test', baseURL: models.url, useResponses: true })
    const access = {
      url: `${server.url}/mcp`,
      token: await personalToken(caller),
      model: await provider.getModel('scripted'),
    }
    expect(await ask('Add buy milk.', { name: 'Ann' }, access)).toBe('I added it.')
  } finally {
    await server.close()
  }
  const tasks = await withCaller(caller, (tx) => tx.task.findMany())
  expect(tasks.map(({ title }) => title)).toEqual(['buy milk'])
  // The SDK caches a tool list only for a server with sessions, and this one has none: one list per
  // step, never more.
  expect(methods).toEqual(['server/discover', 'tools/list', 'tools/call', 'tools/list', 'tools/call', 'tools/list'])
  const [first, last] = [models.requests[0]?.body, models.requests.at(-1)?.body]
  expect(String(first?.instructions)).toMatch(/^You help Ann\. It is 20/)
  expect(JSON.stringify(last?.input)).toContain('buy milk')
})
