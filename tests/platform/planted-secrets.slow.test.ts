import pg from 'pg'
import { beforeEach, expect, test } from 'vitest'
import { makeChatKitRoute } from '#app/api/chatkit/chatkit-route.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { exportData } from '#lib/data/people/export-data.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { readReply, typed } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { plantedSecrets } from '#tests/support/planted-secrets.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// More than 200 secrets are sent through the real entrances, in arguments, answers and failures.
// Then everything in the database is read.

const PLANTED = plantedSecrets()
const AT_ONCE = 25

type Ann = Awaited<ReturnType<typeof signedIn>>
let ann: Ann
beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

/** Every row of every table as one text, as pg_dump would write it. */
async function dump(): Promise<string> {
  const client = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await client.connect()
  try {
    const { rows } = await client.query<{ table: string }>(
      "SELECT format('%I.%I', table_schema, table_name) AS table FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema = 'public'",
    )
    const parts: string[] = []
    for (const { table } of rows) {
      await client.query('BEGIN')
      // The owner is bound by row-level security as well.
      await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`)
      const found = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} AS t`)
      await client.query('ROLLBACK')
      parts.push(...found.rows.map(({ row }) => `${table} ${row}`))
    }
    return parts.join('\n')
  } finally {
    await client.end()
  }
}

/** The names of the secrets that a text contains, as they are or escaped in JSON. */
function foundIn(text: string): string[] {
  const written = (secret: string) => JSON.stringify(secret).slice(1, -1)
  return PLANTED.filter(({ secret }) => text.includes(secret) || text.includes(written(written(secret)))).map(
    ({ name }) => name,
  )
}

test('calls of outside clients over /mcp store no secret', async () => {
  const server = await serve(handleMcp)
  try {
    const { call } = mcpCaller(`${server.url}/mcp`, await personalToken(ann.caller))
    for (let at = 0; at < PLANTED.length; at += AT_ONCE)
      await Promise.all(
        PLANTED.slice(at, at + AT_ONCE).flatMap(({ planted }) => [
          // One call that succeeds and ignores the secret, and one that is refused because of it.
          call('whoami', { planted }),
          call('complete_task', { number: planted, planted: JSON.stringify(planted) }),
        ]),
      )
  } finally {
    await server.close()
  }
  const all = await dump()
  expect(all).toContain('complete_task')
  expect(foundIn(all)).toEqual([])
})

test('the assistant’s calls store no secret, and neither does the export: not from arguments, answers or failures', async () => {
  await using tools = await mcpServer([
    { name: 'echo', run: ({ planted }) => planted },
    {
      name: 'fail',
      run: ({ planted }) => {
        throw new Error(typeof planted === 'string' ? planted : JSON.stringify(planted))
      },
    },
  ])
  const steps: Step[] = []
  for (let at = 0; at < PLANTED.length; at += AT_ONCE) {
    const part = PLANTED.slice(at, at + AT_ONCE)
    steps.push(
      {
        calls: part.flatMap(({ planted }) => [
          { name: 'echo', arguments: { planted } },
          { name: 'fail', arguments: { planted } },
        ]),
      },
      { text: 'Done.' },
    )
  }
  await using model = await openAIServer(...steps)
  withSettings({
    ...{
      OPENAI_BASE_URL: model.url,
      OPENAI_API: 'responses',
      OPENAI_API_KEY: 'k',
      MCP_BUILTIN: 'off',
      MCP_SERVER_URL: tools.url,
    },
    ...{ RUNS_PER_MINUTE: '100', THREAD_TITLES: 'first_words' },
  })
  const post = makeChatKitRoute({ respond: runTurn, act: handleAction })
  const headers = { 'content-type': 'application/json', ...ann.headers }
  for (let turn = 0; turn < steps.length / 2; turn += 1) {
    const body = JSON.stringify({ type: 'threads.create', params: { input: typed('go') } })
    await readReply(await post(new Request('http://127.0.0.1:3999/api/chatkit', { method: 'POST', headers, body })))
  }
  expect(tools.calls.length).toBeGreaterThanOrEqual(PLANTED.length)
  expect((await listToolCalls({ caller: ann.caller })).data.length).toBeGreaterThan(0)
  expect(foundIn(await dump())).toEqual([])
  let exported = ''
  for await (const piece of exportData(ann.caller)) exported += piece
  expect(exported).toContain('"tool_calls"')
  expect(foundIn(exported)).toEqual([])
})
