import { expect, test } from 'vitest'
import { GET as exportMe } from '#app/api/me/export/route.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'

const ask = (headers: Record<string, string>) =>
  exportMe(new Request('http://127.0.0.1:3999/api/me/export', { headers }))

async function fill(ownerId: string, mark: string, notes: number) {
  await withSystem('admin', async (tx) => {
    await tx.thread.create({ data: { id: `thr_${mark}`, ownerId, title: mark, allowedImageDomains: [] } })
    await tx.threadItem.create({
      data: {
        threadId: `thr_${mark}`,
        id: `msg_${mark}`,
        ownerId,
        type: 'user_message',
        data: { text: `said ${mark}` },
      },
    })
    const summary = { threadId: `thr_${mark}`, throughId: `msg_${mark}`, itemId: 'wf', runId: `run_${mark}` }
    await tx.summary.create({ data: { id: `sum_${mark}`, ownerId, ...summary, status: 'made', text: `about ${mark}` } })
    await tx.switchedOffTool.create({ data: { ownerId, threadId: `thr_${mark}`, server: mark, tool: '*' } })
    await tx.run.create({
      data: { id: `run_${mark}`, ownerId, threadId: `thr_${mark}`, requestId: 'req', operation: 'threads.create' },
    })
    const used = { purpose: 'answer', provider: 'p', model: mark, inputTokens: 5, costMicros: 9n } as const
    await tx.modelRequest.create({ data: { id: `req_${mark}`, ownerId, runId: `run_${mark}`, ...used } })
    await tx.toolCall.create({
      data: {
        id: `call_${mark}`,
        ownerId,
        via: 'chat',
        server: 'switchboard',
        tool: 'add_task',
        arguments: { title: mark },
        argumentsBytes: 1,
      },
    })
    const asked = {
      threadId: `thr_${mark}`,
      callId: 'c',
      toolHash: 'h',
      itemId: 'i',
      keptId: 'k',
      expiresAt: new Date(),
    }
    await tx.approval.create({
      data: { id: `apr_${mark}`, ownerId, runId: `run_${mark}`, server: 's', tool: 'delete', ...asked },
    })
    const [call] = await tx.toolCall.findMany({ where: { ownerId }, take: 1 })
    const waiting = { threadId: `thr_${mark}`, callId: 'c', itemId: 'i', isHeld: false, onlyReads: false }
    const question = { asked: { message: mark }, sealedAnswer: 'a sealed answer', expiresAt: new Date() }
    await tx.question.create({
      data: {
        ...{ id: `qst_${mark}`, ownerId, runId: `run_${mark}`, toolCallId: call?.id ?? '', server: 's', tool: 'book' },
        ...{ ...waiting, ...question },
      },
    })
    await tx.parkedRun.create({
      data: { runId: `run_${mark}`, ownerId, threadId: `thr_${mark}`, sealed: 'a sealed state', expiresAt: new Date() },
    })
    await tx.mcpAccount.create({ data: { ownerId, serverId: `srv_${mark}`, kind: 'key', sealed: 'a sealed account' } })
    await tx.memory.create({ data: { id: `mem_${mark}`, ownerId, text: `fact of ${mark}` } })
    const share = { ownerId, threadId: `thr_${mark}`, audience: { kind: 'everybody' }, withTools: false, status: {} }
    await tx.share.create({
      data: { id: `shr_${mark}`, ...share, title: mark, startedAt: new Date(), expiresAt: new Date() },
    })
    const shared = [1, 2].map((seq) => ({
      shareId: `shr_${mark}`,
      seq,
      id: `shi_${seq}`,
      ownerId,
      data: { text: mark },
    }))
    await tx.sharedItem.createMany({ data: shared })
    await tx.task.createMany({ data: [1, 2].map((number) => ({ ownerId, number, title: `${mark} ${number}` })) })
    await tx.note.createMany({
      data: Array.from({ length: notes }, (_, n) => ({ id: `note_${mark}_${n}`, ownerId, title: mark, body: 'b' })),
    })
  })
}

// Node prints each warning once per process, so this test comes first.
test('an export causes no process warning', async () => {
  const warnings: string[] = []
  const note = (warning: Error) => void warnings.push(warning.message)
  process.on('warning', note)
  const { headers } = await signedIn()
  await (await ask(headers)).text()
  await new Promise(setImmediate)
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test('the export is one JSON document with all of the person’s data, no secrets and nothing of others', async () => {
  const ann = await signedIn({ passwordHash: 'a hash that stays here' })
  const bob = await signedIn()
  const token = await personalToken(ann.caller)
  await fill(ann.caller.userId, 'ann', 450)
  await fill(bob.caller.userId, 'bob', 3)
  const answer = await ask(ann.headers)
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename="switchboard-\d{4}-\d\d-\d\d\.json"$/,
  )
  const text = await answer.text()
  const data = JSON.parse(text)
  expect(data.profile).toMatchObject({ email: ann.person.email, personalTokens: [{ name: 'a test' }] })
  expect(data.threads).toMatchObject([{ id: 'thr_ann', title: 'ann' }])
  expect(data.thread_items).toMatchObject([{ threadId: 'thr_ann', data: { text: 'said ann' } }])
  expect(data.summaries).toMatchObject([{ threadId: 'thr_ann', text: 'about ann' }])
  expect(data.switched_off_tools).toMatchObject([{ threadId: 'thr_ann', server: 'ann', tool: '*' }])
  expect(data.shares).toMatchObject([{ id: 'shr_ann', title: 'ann' }])
  expect(data.shared_items).toMatchObject([{ data: { text: 'ann' } }, { data: { text: 'ann' } }])
  expect(data.memories).toMatchObject([{ text: 'fact of ann' }])
  expect(data.runs).toMatchObject([{ id: 'run_ann' }])
  expect(data.model_requests).toMatchObject([{ model: 'ann', inputTokens: 5, costMicros: '9', runId: 'run_ann' }])
  expect(data.tool_calls).toMatchObject([{ tool: 'add_task', arguments: { title: 'ann' } }])
  expect(data.approvals).toMatchObject([{ tool: 'delete', status: 'pending' }])
  expect(data.questions).toMatchObject([{ tool: 'book', status: 'pending', asked: { message: 'ann' } }])
  expect(data.profile.serverAccounts).toMatchObject([{ serverId: 'srv_ann', kind: 'key', brokenAt: null }])
  expect(data.tasks).toMatchObject([{ number: 1 }, { number: 2 }])
  expect(new Set(data.notes.map(({ id }: { id: string }) => id)).size).toBe(450)
  expect(text).not.toMatch(/bob|a hash that stays here|sealed/)
  expect(text).not.toContain(token)
})

test('an empty account can be exported, and an anonymous export is refused', async () => {
  const { headers } = await signedIn()
  expect(await (await ask(headers)).json()).toMatchObject({ threads: [], notes: [] })
  expect((await ask({})).status).toBe(401)
})

test('an export can be cancelled in the middle, and the next one is whole', async () => {
  const { headers, caller } = await signedIn()
  await fill(caller.userId, 'slow', 1_000)
  const reader = (await ask(headers)).body?.getReader()
  expect((await reader?.read())?.done).toBe(false)
  await reader?.cancel()
  expect((await (await ask(headers)).json()).notes).toHaveLength(1_000)
})
