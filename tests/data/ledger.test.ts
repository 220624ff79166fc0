import pg from 'pg'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { beginToolCall, finishToolCall, type NewToolCall, settleAbandonedCalls } from '#lib/data/runs/ledger.ts'
import { listCallFacets } from '#lib/data/runs/lists/call-facets.ts'
import { findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { withLogContext } from '#lib/platform/log.ts'
import { agentDoor, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

const ann: Caller = { userId: 'usr_ann', role: 'member', via: 'session', sessionVersion: 1 }
const bob: Caller = { userId: 'usr_bob', role: 'member', via: 'session', sessionVersion: 1 }
const admin = { admin: true } as const

function call(about: Partial<NewToolCall> = {}): NewToolCall {
  return {
    ownerId: ann.userId,
    via: 'chat',
    server: 'switchboard',
    tool: 'add_task',
    arguments: { title: 'milk' },
    ...about,
  }
}

beforeAll(() =>
  withSystem('sign-in', (tx) =>
    tx.user.createMany({
      data: [ann, bob].map(({ userId }) => ({ id: userId, email: `${userId}@example.com`, name: userId.slice(4) })),
    }),
  ),
)

describe('one call', () => {
  test('is pending when it is sent, and is settled once', async () => {
    const id = await withLogContext({ request_id: 'req_12345678' }, () =>
      beginToolCall(call({ callId: 'c1', clientName: 'curl' })),
    )
    expect(await findToolCall({ caller: ann }, id)).toMatchObject({
      status: 'pending',
      requestId: 'req_12345678',
      callId: 'c1',
      clientName: 'curl',
      arguments: { title: 'milk' },
      argumentsBytes: 16,
      finishedAt: null,
    })
    await finishToolCall({ id, ownerId: ann.userId }, { status: 'succeeded', result: { number: 1 } })
    await finishToolCall(
      { id, ownerId: ann.userId },
      { status: 'failed', failureClass: 'tool_error', errorMessage: 'late' },
    )
    const settled = await findToolCall({ caller: ann }, id)
    expect(settled).toMatchObject({
      status: 'succeeded',
      result: { number: 1 },
      resultBytes: 12,
      failureClass: null,
      errorMessage: null,
    })
    expect(settled.durationMs).toBe((settled.finishedAt?.getTime() ?? 0) - settled.startedAt.getTime())
  })

  test('keeps no secret from a key, a text, JSON inside a text, or the message', async () => {
    const key = `sk-${'a'.repeat(24)}`
    const id = await beginToolCall(
      call({ arguments: { password: 'hunter2', note: `use ${key}`, nested: [{ api_key: 'k' }] } }),
    )
    await finishToolCall(
      { id, ownerId: ann.userId },
      {
        status: 'failed',
        failureClass: 'tool_error',
        errorMessage: 'cannot reach postgresql://app:hunter2@db/x',
        result: { content: [{ type: 'text', text: '{"access_token":"hunter2","city":"Bern"}' }] },
      },
    )
    const row = await findToolCall({ caller: ann }, id)
    expect(JSON.stringify(row)).not.toMatch(/hunter2|sk-aaaa/)
    expect(row.arguments).toEqual({
      password: '[redacted]',
      note: 'use [redacted]',
      nested: [{ api_key: '[redacted]' }],
    })
    expect(row.result).toEqual({ content: [{ type: 'text', text: '{"access_token":"[redacted]","city":"Bern"}' }] })
  })

  test('is truncated, but keeps its true size', async () => {
    const id = await beginToolCall(call({ arguments: { text: 'x'.repeat(100_000) } }))
    await finishToolCall({ id, ownerId: ann.userId }, { status: 'succeeded', result: 'é'.repeat(50_000) })
    const row = await findToolCall({ caller: ann }, id)
    expect(row).toMatchObject({
      argumentsBytes: 100_011,
      resultBytes: 100_002,
      arguments: { clipped: true },
      result: { clipped: true },
    })
    expect(JSON.stringify(row.result).length).toBeLessThan(40_000)
  })

  test('can hold what jsonb refuses: NUL characters and lone surrogates', async () => {
    const id = await beginToolCall(call({ arguments: { 'a\0b': 'c\0d', half: '\ud83d' } }))
    await finishToolCall({ id, ownerId: ann.userId }, { status: 'succeeded', result: ['\0'], errorMessage: '\0' })
    expect((await findToolCall({ caller: ann }, id)).status).toBe('succeeded')
  })

  test('cannot be written for a missing thread', async () => {
    await expect(beginToolCall(call({ threadId: 'thr_gone' }))).rejects.toThrow()
  })
})

describe('access to calls', () => {
  test('a person finds and settles only their own calls', async () => {
    const id = await beginToolCall(call())
    await expect(findToolCall({ caller: bob }, id)).rejects.toMatchObject({ code: 'not_found' })
    await finishToolCall({ id, ownerId: bob.userId }, { status: 'succeeded' })
    expect((await findToolCall({ caller: ann }, id)).status).toBe('pending')
    expect((await listToolCalls({ caller: bob })).data).toEqual([])
    expect((await listToolCalls({ caller: bob }, { ownerId: ann.userId })).data).toEqual([])
  })

  test('an admin finds everyone’s calls, with name and e-mail', async () => {
    const id = await beginToolCall(call({ ownerId: bob.userId, tool: 'save_note', via: 'mcp', tokenId: 'tok_1' }))
    const row = (await listToolCalls(admin, { ownerId: bob.userId })).data[0]
    expect(row).toMatchObject({
      id,
      via: 'mcp',
      tokenId: 'tok_1',
      owner: { name: 'bob', email: 'usr_bob@example.com' },
    })
    expect((await listCallFacets()).tools).toEqual(['add_task', 'save_note'])
  })
})

describe('lists', () => {
  test('page without gaps or repeats, newest first, even within one millisecond', async () => {
    const at = new Date()
    await withCaller(bob, (tx) =>
      tx.toolCall.createMany({
        data: Array.from({ length: 7 }, (_, index) => ({
          id: `call_page_${index}`,
          ownerId: bob.userId,
          via: 'chat',
          server: 'paged',
          tool: 't',
          arguments: {},
          argumentsBytes: 2,
          startedAt: at,
        })),
      }),
    )
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await listToolCalls({ caller: bob }, { server: 'paged', limit: 3, after })
      seen.push(...page.data.map((row) => row.id))
      after = page.after
    } while (after)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `call_page_${index}`))
    expect((await listToolCalls({ caller: bob }, { after: 'call_unknown' })).data).toEqual([])
  })

  test('filter by status, tool, failure class and time', async () => {
    const id = await beginToolCall(call({ server: 'filtered', tool: 'slow' }))
    await finishToolCall(
      { id, ownerId: ann.userId },
      { status: 'failed', failureClass: 'hard_timeout', errorMessage: 'too slow' },
    )
    await beginToolCall(call({ server: 'filtered', tool: 'quick' }))
    const count = async (filter: object) =>
      (await listToolCalls({ caller: ann }, { server: 'filtered', ...filter })).data.length
    expect(await count({})).toBe(2)
    expect(await count({ status: 'failed' })).toBe(1)
    expect(await count({ tool: 'quick' })).toBe(1)
    expect(await count({ failureClass: 'hard_timeout' })).toBe(1)
    expect(await count({ since: new Date(Date.now() + 60_000) })).toBe(0)
    expect(await count({ limit: 0 })).toBe(1)
  })
})

test('pending calls of an ended run become unknown, but not those of a run that goes on or has just ended', async () => {
  const ended = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000)
  const runs = { run_dead: ended(60), run_alive: null, run_ending: ended(1) }
  await withCaller(ann, (tx) =>
    tx.run.createMany({
      data: Object.entries(runs).map(([id, finishedAt]) => ({
        id,
        ownerId: ann.userId,
        threadId: id,
        requestId: 'r',
        operation: 'o',
        finishedAt,
      })),
    }),
  )
  const [dead, alive, ending, outside] = await Promise.all([
    ...Object.keys(runs).map((runId) => beginToolCall(call({ runId }))),
    beginToolCall(call({ via: 'mcp', server: 'old' })),
  ])
  await withCaller(ann, (tx) => tx.toolCall.updateMany({ where: { server: 'old' }, data: { startedAt: ended(3_600) } }))
  await settleAbandonedCalls()
  const statusOf = async (id = '') => (await findToolCall({ caller: ann }, id)).status
  expect(await findToolCall({ caller: ann }, dead ?? '')).toMatchObject({
    status: 'unknown',
    failureClass: 'replica_died',
  })
  expect([await statusOf(alive), await statusOf(ending), await statusOf(outside)]).toEqual([
    'pending',
    'pending',
    'unknown',
  ])
})

/**
 * The database accepts new ledger rows and refuses updates. Resolves to a function that ends this.
 */
async function refusingToSettle(): Promise<() => Promise<void>> {
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  await owner.query(`CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'disk_full'; END $$`)
  await owner.query('CREATE TRIGGER no_room BEFORE UPDATE ON tool_calls FOR EACH STATEMENT EXECUTE FUNCTION no_room()')
  onTestFinished(async () => {
    await owner.query('DROP TRIGGER IF EXISTS no_room ON tool_calls')
    await owner.end()
  })
  return async () => {
    await owner.query('DROP TRIGGER no_room ON tool_calls')
  }
}

test.each(['our own server', 'another server'])(
  'a call of %s that the database could not settle is settled once it can',
  async (whose) => {
    const settle = await refusingToSettle()
    await using server = await mcpServer([{ name: 'pay', run: () => 'paid' }])
    const isOwn = whose === 'our own server'
    withSettings(isOwn ? {} : { MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url })
    const ann = await signedIn()
    await agentDoor(ann).begin(isOwn ? '/add_task title="milk"' : '/pay')
    const rows = async () => (await listToolCalls({ caller: ann.caller })).data.map(({ status }) => status)
    expect(new Set(await rows())).toEqual(new Set(['pending']))
    await settle()
    await expect.poll(async () => new Set(await rows())).toEqual(new Set(['succeeded']))
  },
)

test('a declined call is written in one statement, so that it never looks as if it may have been made', async () => {
  await using server = await mcpServer([{ name: 'pay', annotations: { destructiveHint: true }, run: () => 'paid' }])
  await using model = await openAIServer({ calls: [{ name: 'pay', arguments: {} }] }, { text: 'Then not.' })
  withSettings({
    MCP_BUILTIN: 'off',
    MCP_SERVER_URL: server.url,
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_API_KEY: 'k',
  })
  const ann = await signedIn()
  const door = agentDoor(ann)
  const asked = await door.begin('pay')
  const [card] = widgets(asked.events)
  await refusingToSettle()
  await door.press(threadOf(asked), card as WidgetItem, 'Decline')
  expect((await listToolCalls({ caller: ann.caller })).data).toMatchObject([
    { status: 'declined', failureClass: 'declined' },
  ])
  expect(server.calls).toEqual([])
})
