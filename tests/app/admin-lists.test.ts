import { beforeEach, expect, test } from 'vitest'
import { toActionText } from '#app/admin/audit/to-action-text.ts'
import { AUDIT_ACTIONS, listAuditEvents, recordAudit } from '#lib/data/audit.ts'
import { listPeople, setRole } from '#lib/data/people/people.ts'
import { listPersonalTokens } from '#lib/data/people/personal-tokens.ts'
import { listRuns } from '#lib/data/runs/run-list.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import type { Page } from '#lib/platform/page.ts'
import { deleteAuditEvents } from '#tests/support/delete-audit-events.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'

let ada: Awaited<ReturnType<typeof signedIn>>
let mo: Awaited<ReturnType<typeof signedIn>>

beforeEach(async () => {
  await withSystem('admin', (tx) => tx.user.deleteMany())
  await deleteAuditEvents()
  ada = await signedIn({ role: 'admin', name: 'Ada Admin' })
  mo = await signedIn({ name: 'Mo 100%', email: 'mo@example.com' })
})

test('an admin reads who did what to whom, latest first, and filters by action and person', async () => {
  await recordAudit({ action: 'signed_in', actorId: mo.caller.userId })
  await recordAudit({ action: 'sign_in_failed', detail: { reason: 'password' } })
  await setRole(ada.caller, mo.caller.userId, 'admin')
  const { data } = await listAuditEvents()
  expect(data.map(({ action, actorName, subjectName, detail }) => [action, actorName, subjectName, detail])).toEqual([
    ['role_changed', 'Ada Admin', 'Mo 100%', { role: 'admin' }],
    ['sign_in_failed', null, null, { reason: 'password' }],
    ['signed_in', 'Mo 100%', null, {}],
  ])
  const found = async (filter: object) => (await listAuditEvents(filter)).data.map(({ action }) => action)
  expect(await found({ action: 'signed_in' })).toEqual(['signed_in'])
  expect(await found({ person: 'MO@example' })).toEqual(['role_changed', 'signed_in'])
  expect(await found({ person: '100%' })).toEqual(['role_changed', 'signed_in'])
  expect(await found({ person: '1%0' }), 'a wildcard is a character').toEqual([])
})

test('pages have no gap and no repetition even if all times are equal', async () => {
  const at = new Date()
  const ids = Array.from({ length: 120 }, () => newId('evt'))
  await withSystem('sign-in', (tx) =>
    tx.auditEvent.createMany({ data: ids.map((id) => ({ id, at, action: 'signed_in' })) }),
  )
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await listAuditEvents({ after })
    seen.push(...page.data.map(({ id }) => id))
    after = page.has_more ? page.after : undefined
  } while (after)
  expect(seen.toSorted()).toEqual(ids.toSorted())
})

test('every audit action has a readable name', () => {
  for (const action of AUDIT_ACTIONS) expect(toActionText(action)).toMatch(/^[A-Z][a-z-]+/)
  expect(toActionText('toString')).toBe('toString')
})

test('calls are found by part of their person’s name or address', async () => {
  const call = { via: 'chat', server: 's', arguments: {}, argumentsBytes: 2 }
  await withSystem('admin', (tx) =>
    tx.toolCall.createMany({
      data: [ada, mo].map(({ caller }, at) => ({
        ...call,
        id: `call_${at}`,
        ownerId: caller.userId,
        tool: `of_${at}`,
      })),
    }),
  )
  const tools = async (person: string) =>
    (await listToolCalls({ admin: true }, { person })).data.map(({ tool }) => tool)
  expect(await tools('mo@EXAMPLE')).toEqual(['of_1'])
  expect(await tools('ada')).toEqual(['of_0'])
  expect((await listToolCalls({ caller: mo.caller }, { person: 'ada' })).data).toEqual([])
})

test('runs are found by state and by person, page by page', async () => {
  const at = new Date()
  const run = (id: string, ownerId: string, status: 'done' | 'waiting') => ({
    id,
    ownerId,
    threadId: 't',
    requestId: 'r',
    operation: 'o',
    status,
    createdAt: at,
  })
  const many = Array.from({ length: 60 }, (_, n) => run(`run_a${n}`, ada.caller.userId, 'done'))
  await withSystem('admin', (tx) => tx.run.createMany({ data: [...many, run('run_mo', mo.caller.userId, 'waiting')] }))
  const first = await listRuns()
  const second = await listRuns({ after: first.after })
  expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(61)
  expect(second.has_more).toBe(false)
  for (const filter of [{ status: 'waiting' as const }, { person: 'mo@' }])
    expect((await listRuns(filter)).data).toMatchObject([
      { id: 'run_mo', name: 'Mo 100%', calls: 0, status: 'waiting' },
    ])
})

test('a list goes on where a page ended, even if its last row was deleted meanwhile', async () => {
  const at = new Date()
  const call = { via: 'chat', server: 's', tool: 't', arguments: {}, argumentsBytes: 2, ownerId: mo.caller.userId }
  const insert = async (n: number) => {
    const id = `row_${n}`
    const startedAt = new Date(at.getTime() - n)
    await withSystem('admin', async (tx) => {
      await tx.toolCall.create({ data: { ...call, id, startedAt } })
      await tx.auditEvent.create({ data: { id, at: startedAt, action: 'signed_in' } })
      await tx.user.create({ data: { id, email: `${id}@example.com`, name: 'Old', createdAt: startedAt } })
    })
  }
  for (let n = 0; n < 52; n += 1) await insert(n)
  const lists: ((after?: string) => Promise<Page<{ id: string }>>)[] = [
    (after) => listToolCalls({ admin: true }, { after }),
    (after) => listAuditEvents({ after }),
    (after) => listPeople({ search: 'Old', after }),
  ]
  const pages = await Promise.all(lists.map((list) => list()))
  expect(pages.map(({ data }) => data.at(-1)?.id)).toEqual(['row_49', 'row_49', 'row_49'])
  await withSystem('admin', async (tx) => {
    await tx.toolCall.delete({ where: { id: 'row_49' } })
    await tx.user.delete({ where: { id: 'row_49' } })
  })
  await deleteAuditEvents('row_49')
  for (const [index, list] of lists.entries())
    expect((await list(pages[index]?.after)).data.map(({ id }) => id)).toEqual(['row_50', 'row_51'])
})

test('a cursor that no list gave shows no rows and breaks nothing', async () => {
  await recordAudit({ action: 'signed_in', actorId: mo.caller.userId })
  await personalToken(mo.caller)
  const owned = { ownerId: mo.caller.userId, server: 's', tool: 't', argumentsBytes: 2 }
  await withSystem('admin', (tx) =>
    tx.toolCall.create({ data: { ...owned, id: 'call_1', via: 'chat', arguments: {} } }),
  )
  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const cursors = [
    'run_1',
    '\u0000',
    'é',
    made(null),
    made(['now', 'x']),
    made([new Date().toISOString(), 1]),
    // PostgreSQL refuses these texts.
    made([new Date().toISOString(), 'call_\0']),
    made([new Date().toISOString(), '\ud800']),
    made([]),
  ]
  for (const after of cursors)
    for (const list of [
      listAuditEvents({ after }),
      listPeople({ after }),
      listRuns({ after }),
      listToolCalls({ admin: true }, { after }),
      listPersonalTokens(mo.caller, { after }),
    ])
      expect(await list, after).toEqual({ data: [], has_more: false })
})
