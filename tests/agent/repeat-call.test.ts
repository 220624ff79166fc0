import { beforeEach, expect, test } from 'vitest'
import { repeatCall } from '#lib/agent/repeat-call.ts'
import { findToolCall, listRepeats, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { savePolicy } from '#lib/data/servers/policies.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// A call in the ledger is repeated from its page, by its owner or, with more rules, by an admin.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
let admin: Person

beforeEach(async () => {
  ann = await signedIn()
  admin = await signedIn({ role: 'admin', name: 'Ada Admin' })
})

const builtinFetch = ((input, init) => handleMcp(new Request(input, init))) as typeof fetch
const repeat = (asker: Caller, id: string, twice = false) => repeatCall(asker, id, { twice }, { builtinFetch })

async function called(command: string) {
  await agentDoor(ann).begin(command)
  const [row] = (await listToolCalls({ caller: ann.caller })).data
  if (!row) throw new Error('no call')
  return row
}
const audited = (subject: string) =>
  withSystem('admin', (tx) => tx.auditEvent.findMany({ where: { subject, action: 'call_repeated' } }))

test('a person repeats their own call: it is linked both ways, has no run, and a read-only call needs no confirmation', async () => {
  const first = await called('/list_tasks')
  const id = await repeat(ann.caller, first.id)
  const again = await findToolCall({ caller: ann.caller }, id)
  expect(again).toMatchObject({
    status: 'succeeded',
    via: 'repeat',
    runId: null,
    repeatOf: first.id,
    repeatedBy: ann.caller.userId,
  })
  expect(again.threadId).toBe(first.threadId)
  expect((await listRepeats({ caller: ann.caller }, first.id)).map((row) => row.id)).toEqual([id])
  expect(await audited(first.id)).toEqual([])
})

test('a call that may change something is repeated only if that is confirmed', async () => {
  const first = await called('/add_task title="buy milk"')
  await expect(repeat(ann.caller, first.id)).rejects.toThrow('Tick the box')
  const tasks = () => withSystem('admin', (tx) => tx.task.count({ where: { ownerId: ann.caller.userId } }))
  expect(await tasks()).toBe(1)
  await repeat(ann.caller, first.id, true)
  expect(await tasks()).toBe(2)
})

test('an admin repeats a call as its owner, which is audited and recorded in the ledger', async () => {
  const first = await called('/add_task title="buy milk"')
  const id = await repeat(admin.caller, first.id, true)
  const again = await findToolCall({ caller: ann.caller }, id)
  expect(again).toMatchObject({ ownerId: ann.caller.userId, status: 'succeeded', repeatedBy: admin.caller.userId })
  expect(await audited(first.id)).toMatchObject([
    { actorId: admin.caller.userId, detail: { owner: ann.caller.userId, tool: 'add_task' } },
  ])
})

test('another person cannot repeat a call, and an admin cannot give the owner’s approval', async () => {
  const first = await called('/add_task title="buy milk"')
  const bob = await signedIn()
  await expect(repeat(bob.caller, first.id, true)).rejects.toThrow('This tool call was not found.')
  const nothing = {
    afterUntrusted: null,
    repeatable: false,
    hidden: [],
    connectSeconds: null,
    idleSeconds: null,
    hardSeconds: null,
  }
  await savePolicy(admin.caller, { server: 'switchboard', tool: 'add_task', approval: 'always', ...nothing })
  await expect(repeat(admin.caller, first.id, true)).rejects.toThrow('only they can repeat the call')
  expect(await audited(first.id)).toEqual([])
  await repeat(ann.caller, first.id, true)
  await withSystem('admin', (tx) =>
    tx.user.update({ where: { id: ann.caller.userId }, data: { disabledAt: new Date() } }),
  )
  await expect(repeat(admin.caller, first.id, true)).rejects.toThrow('can no longer be used')
})

test('a call that was not kept whole, or whose tool is no longer offered, cannot be repeated', async () => {
  await using server = await mcpServer([{ name: 'sign', run: () => 'ok' }])
  withSettings({ MCP_SERVER_URL: server.url })
  const secret = await called('/sign password=hunter2hunter2')
  await expect(repeat(ann.caller, secret.id, true)).rejects.toThrow('not stored in full')
  const plain = await called('/sign name=Ann')
  withSettings({ MCP_SERVER_URL: undefined })
  await expect(repeat(ann.caller, plain.id, true)).rejects.toThrow('no longer offered')
  expect(server.calls).toHaveLength(2)
})

test('the ledger records when the call was connected, when the first response came and when it ended', async () => {
  await using server = await mcpServer([
    {
      name: 'slow',
      run: async (_args, _request, report) => {
        await report(1, 2, 'half')
        return 'done'
      },
    },
  ])
  withSettings({ MCP_SERVER_URL: server.url })
  const row = await findToolCall({ caller: ann.caller }, (await called('/slow')).id)
  expect(row.connectedMs).toBeGreaterThanOrEqual(0)
  expect(row.firstSignMs).toBeGreaterThanOrEqual(row.connectedMs ?? Number.NaN)
  expect(row.durationMs).toBeGreaterThanOrEqual(row.firstSignMs ?? Number.NaN)
})
