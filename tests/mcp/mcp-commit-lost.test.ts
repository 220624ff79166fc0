import { expect, onTestFinished, test } from 'vitest'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { cuttingProxy } from '#tests/support/processes/cutting-proxy.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

test.each([
  [
    'after its commit',
    { status: 'unknown', failureClass: 'outcome_unknown' },
    /broke while.*Look whether it is there/,
    1,
  ],
  [
    'before its commit',
    { status: 'unknown', failureClass: 'outcome_unknown' },
    /broke while.*Look whether it is there/,
    0,
  ],
  ['before its statement', { status: 'failed', failureClass: 'tool_error' }, /^The database cannot be reached/, 0],
] as const)('the database connection of a write is cut %s', async (moment, outcome, sentence, tasks) => {
  const proxy = await cuttingProxy(env().DATABASE_URL)
  const server = await serve(handleMcp)
  onTestFinished(async () => {
    await server.close()
    await closeDb()
    proxy.close()
  })
  // Set first: whatever asks meanwhile opens the next pool.
  withSettings({ DATABASE_URL: proxy.url })
  await closeDb()
  const { caller } = await signedIn()
  const { call, get } = mcpCaller(`${server.url}/mcp`, await personalToken(caller))
  await get('list_tasks')

  proxy.cut(moment, 'INSERT INTO "public"."tasks"')
  expect(await call('add_task', { title: 'pay rent' })).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(sentence) }],
  })
  expect((await listToolCalls({ caller })).data[0]).toMatchObject({ tool: 'add_task', ...outcome })
  // The database notices the broken connection a little later.
  await expect.poll(async () => (await get('list_tasks')).tasks).toHaveLength(tasks)
})
