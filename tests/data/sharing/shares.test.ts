import { expect, test } from 'vitest'
import { GET as readCall } from '#app/api/shared/[id]/calls/[item]/[call]/route.ts'
import { POST as read } from '#app/api/shared/[id]/chatkit/route.ts'
import { GET as readFile } from '#app/api/shared/[id]/files/[file]/route.ts'
import { toShownCall } from '#app/calls/to-shown-call.ts'
import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import {
  announceAttachment,
  readAttachment,
  readAttachmentText,
  receiveAttachment,
} from '#lib/data/attachments/attachments.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { deleteConversation } from '#lib/data/chat/deleted-conversations.ts'
import { listOutsideContent } from '#lib/data/chat/outside-content.ts'
import { setDisabled } from '#lib/data/people/people.ts'
import { deleteUser } from '#lib/data/people/users.ts'
import { recordToolCall } from '#lib/data/runs/ledger.ts'
import { continueShare } from '#lib/data/shares/continue-share.ts'
import { createShare, deleteExpiredShares, endShare, listShares, type ShareWish } from '#lib/data/shares/shares.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { paragraph, wordFile } from '#tests/support/office.ts'
import { signedIn } from '#tests/support/people/people.ts'

type Person = Awaited<ReturnType<typeof signedIn>>

const at = new Date().toISOString()
const HIDDEN = 'what nobody else may see'
const EVERYBODY = { readers: 'everybody', days: 7, withTools: false } as const

const showCall: Parameters<typeof createShare>[2] = (call) => {
  const { href: _, ...shown } = toShownCall(call, { role: 'member' })
  return shown
}

async function uploaded({ caller }: Person, text: string) {
  const { id } = await announceAttachment(caller, { name: 'plan.txt', size: text.length, mime_type: 'text/plain' })
  return receiveAttachment(caller, id, Buffer.from(text))
}

/** A conversation with one of everything. */
async function conversation(person: Person, status: { type: 'active' | 'locked' } = { type: 'active' }) {
  const { caller } = person
  const store = createPrismaStore(caller)
  const id = newId('thr')
  const metadata = { assistant: { base: HIDDEN, current: HIDDEN } }
  await store.saveThread({ id, title: 'A trip', created_at: at, status, metadata })
  const file = await uploaded(person, 'the plan')
  await store.attachments?.bind(id, [file.id])
  const runId = newId('run')
  await withCaller(caller, (tx) =>
    tx.run.create({ data: { id: runId, ownerId: caller.userId, threadId: id, requestId: 'r', operation: 'x' } }),
  )
  await recordToolCall(
    {
      ...{ ownerId: caller.userId, via: 'chat', server: 'trains', tool: 'find', threadId: id },
      ...{ runId, callId: 'call_1', arguments: { to: 'Vienna', password: 'swordfish-4711' } },
    },
    new Date(),
    { status: 'succeeded', result: { content: [{ type: 'text', text: 'A train at nine.' }] } },
  )
  const base = { thread_id: id, created_at: at }
  const task = { type: 'custom' as const, title: 'trains · find', status_indicator: 'complete' as const }
  const card = (key: string) => ({
    ...{ ...base, type: 'widget' as const, id: newId('msg') },
    widget: {
      type: 'Card',
      key,
      confirm: { label: 'x', action: { type: 'x' } },
      children: [{ type: 'Text', value: HIDDEN }],
    },
  })
  const tag = { type: 'input_tag' as const, id: 't', text: 'Doc', data: { uri: HIDDEN }, interactive: true }
  const items: ThreadItem[] = [
    {
      ...{ ...base, id: newId('msg'), type: 'user_message', inference_options: { model: HIDDEN }, request_id: HIDDEN },
      ...{ content: [tag, { type: 'input_text', text: ' Plan my trip' }], attachments: [{ ...file, thread_id: id }] },
    },
    { ...base, id: newId('hcx'), type: 'hidden_context_item', content: { kind: 'tool_call', output: HIDDEN } },
    {
      ...{ ...base, id: newId('wf'), type: 'workflow' },
      workflow: {
        ...{ type: 'custom', expanded: true },
        tasks: [
          { ...task, tool_call: { run_id: runId, call_id: 'call_1' } },
          { type: 'thought', status_indicator: 'none', content: HIDDEN },
        ],
      },
    },
    {
      ...{ ...base, id: newId('wf'), type: 'workflow' },
      workflow: { type: 'custom', subject: 'earlier_messages', expanded: false, tasks: [{ ...task, content: HIDDEN }] },
    },
    ...['approval:1', 'connect:1', 'memory', 'question:1', 'cut'].map(card),
    {
      ...card('result:trains:board'),
      widget: { ...card('result:trains:board').widget, children: [{ type: 'Text', value: 'Platform 9' }] },
    },
    {
      ...base,
      id: newId('tc'),
      type: 'client_tool_call',
      status: 'completed',
      call_id: 'c',
      name: 'n',
      arguments: {},
      output: HIDDEN,
    },
    {
      ...{ ...base, id: newId('msg'), type: 'assistant_message' },
      content: [{ type: 'output_text', text: 'Take the train at nine.', annotations: [] }],
    },
  ]
  for (const item of items) await store.addItem(id, item)
  return { id, file: file.id }
}

const share = (owner: Person, threadId: string, wish: Partial<ShareWish> = {}) =>
  createShare(owner.caller, { threadId, ...EVERYBODY, ...wish }, showCall)

async function readAs(
  person: Person,
  id: string,
  body: object = { type: 'threads.get_by_id', params: { thread_id: id } },
) {
  const headers = { ...person.headers, 'content-type': 'application/json', origin: 'http://127.0.0.1:3999' }
  const request = new Request('http://127.0.0.1:3999/x', { method: 'POST', headers, body: JSON.stringify(body) })
  const response = await read(request, { params: Promise.resolve({ id }) })
  const text = await response.text()
  return { status: response.status, text, items: (JSON.parse(text).items?.data ?? []) as ThreadItem[] }
}

function fileAs(person: Person, id: string, file: string) {
  const request = new Request('http://127.0.0.1:3999/x', { headers: person.headers })
  return readFile(request, { params: Promise.resolve({ id, file }) })
}

function callAs(person: Person, id: string, item: string, call: string) {
  const request = new Request('http://127.0.0.1:3999/x', { headers: person.headers })
  return readCall(request, { params: Promise.resolve({ id, item, call }) })
}

test('a reader sees messages and files, and nothing hidden, of ours or of the tools', async () => {
  const [ann, bob] = [await signedIn({ name: 'Ann' }), await signedIn()]
  const { id: thread, file } = await conversation(ann)
  const { id } = await share(ann, thread)
  const seen = await readAs(bob, id)
  expect(seen.items.map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
  expect(JSON.parse(seen.text)).toMatchObject({
    id,
    title: 'A trip',
    status: { type: 'closed' },
    allowed_image_domains: [],
  })
  for (const secret of [HIDDEN, 'Platform 9', 'trains', thread, file, ann.caller.userId])
    expect(seen.text).not.toContain(secret)
  const [message] = seen.items as UserMessageItem[]
  const copy = message?.attachments[0]
  const bytes = await fileAs(bob, id, copy?.id ?? '')
  expect([bytes.status, await bytes.text(), bytes.headers.get('cache-control')]).toEqual([
    ...[200, 'the plan', 'private, no-store'],
  ])
  // The original stays the owner's own.
  expect((await fileAs(bob, id, file)).status).toBe(404)
})

test('the work of tools is shown by choice: redacted, without what could be pressed, and without its page', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread, { withTools: true })
  const { items, text } = await readAs(bob, id)
  expect(items.map(({ type }) => type)).toEqual(['user_message', 'workflow', 'widget', 'assistant_message'])
  expect(text).toContain('Platform 9')
  expect(text).not.toContain(HIDDEN)
  expect(text).not.toContain('confirm')
  const call = await callAs(bob, id, items[1]?.id ?? '', '0')
  const shown = await call.json()
  expect(shown).toMatchObject({ server: 'trains', tool: 'find', response: { text: 'A train at nine.' } })
  expect(JSON.stringify(shown)).not.toMatch(/swordfish|href|activity/)
  for (const other of ['1', '-1', 'x', '99999999999'])
    expect((await callAs(bob, id, items[1]?.id ?? '', other)).status).toBe(404)
  expect((await callAs(bob, id, items[0]?.id ?? '', '0')).status).toBe(404)
})

test('a share is a snapshot: later messages are not in it, and nobody writes to it', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread)
  const store = createPrismaStore(ann.caller)
  const late = { id: newId('msg'), thread_id: thread, created_at: at, type: 'assistant_message' as const }
  await store.addItem(thread, { ...late, content: [{ type: 'output_text', text: 'later', annotations: [] }] })
  await store.changeThread(thread, { title: 'Another title' })
  expect((await readAs(bob, id)).text).not.toMatch(/later|Another title/)
  for (const person of [ann, bob])
    for (const type of [
      'threads.delete',
      'threads.update',
      'threads.add_user_message',
      'threads.create',
      'items.feedback',
    ])
      expect((await readAs(person, id, { type, params: { thread_id: id, title: 'x' } })).status, type).toBe(400)
  // Nor does its address lead to the conversation that it was made of.
  expect((await readAs(ann, id, { type: 'threads.get_by_id', params: { thread_id: thread } })).status).toBe(404)
})

test('pages of items go both ways', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread, { withTools: true })
  const list = async (params: object) =>
    JSON.parse((await readAs(bob, id, { type: 'items.list', params: { thread_id: id, limit: 3, ...params } })).text)
  const types = ({ data }: { data: ThreadItem[] }) => data.map(({ type }) => type)
  const newest = await list({ order: 'desc' })
  expect([types(newest), newest.has_more]).toEqual([['assistant_message', 'widget', 'workflow'], true])
  expect(types(await list({ order: 'desc', after: newest.after }))).toEqual(['user_message'])
  expect(types(await list({ order: 'asc', after: newest.data[2].id }))).toEqual(['widget', 'assistant_message'])
  expect(types(await list({ order: 'asc', after: 'no such item\0' }))).toEqual([])
})

test('only chosen people read it, by addresses that they have proven; who has an account is not told', async () => {
  const [ann, bob, eve] = [await signedIn(), await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread, { readers: [bob.person.email.toUpperCase(), 'nobody@example.com'] })
  expect([(await readAs(bob, id)).status, (await readAs(eve, id)).status]).toEqual([200, 404])
  expect((await readAs(ann, id)).status).toBe(200)
  expect(await listShares(ann.caller)).toMatchObject([
    { id, addresses: [bob.person.email.toUpperCase(), 'nobody@example.com'] },
  ])
  // Somebody who takes the address later is not the one who was meant.
  const late = await signedIn({ email: 'nobody@example.com' })
  expect((await readAs(late, id)).status).toBe(404)
  const missing = await readAs(eve, newId('shr'))
  const foreign = await readAs(eve, id)
  expect(foreign.text.replace(/"request_id":"\w+"/, '')).toBe(missing.text.replace(/"request_id":"\w+"/, ''))
  expect((await readAs({ ...eve, headers: { cookie: '' } }, id)).status).toBe(401)
})

test.each<[string, (owner: Person, id: string, thread: string) => Promise<unknown>]>([
  ['ended by its owner', (owner, id) => endShare(owner.caller, id)],
  [
    'expired',
    (owner, id) =>
      withCaller(owner.caller, (tx) => tx.share.update({ where: { id }, data: { expiresAt: new Date() } })),
  ],
  [
    'of a disabled account',
    async ({ caller }) => setDisabled((await signedIn({ role: 'admin' })).caller, caller.userId, true),
  ],
  ['of a deleted account', ({ caller }) => deleteUser(caller.userId)],
  ['of a conversation whose deletion can be undone', ({ caller }, _id, thread) => deleteConversation(caller, thread)],
  ['of a deleted conversation', ({ caller }, _id, thread) => createPrismaStore(caller).deleteThread(thread)],
])('a share that is %s is not there, and neither are its files, calls and copies', async (_how, end) => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread, { withTools: true })
  const { items } = await readAs(bob, id)
  const file = (items[0] as UserMessageItem).attachments[0]?.id ?? ''
  expect((await fileAs(bob, id, file)).status).toBe(200)
  await end(ann, id, thread)
  expect((await readAs(bob, id)).status).toBe(404)
  expect((await readAs(bob, id, { type: 'items.list', params: { thread_id: id } })).status).toBe(404)
  expect((await fileAs(bob, id, file)).status).toBe(404)
  expect((await callAs(bob, id, items[1]?.id ?? '', '0')).status).toBe(404)
  await expect(continueShare(bob.caller, id)).rejects.toMatchObject({ code: 'not_found' })
})

test('a reader who is disabled reads nothing', async () => {
  const [ann, bob, admin] = [await signedIn(), await signedIn(), await signedIn({ role: 'admin' })]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread)
  await setDisabled(admin.caller, bob.caller.userId, true)
  expect((await readAs(bob, id)).status).toBe(401)
  await expect(continueShare(bob.caller, id)).rejects.toMatchObject({ code: 'not_found' })
})

test('what has ended leaves no rows and no files', async () => {
  const ann = await signedIn()
  const { id: thread } = await conversation(ann)
  const [first, second] = [await share(ann, thread), await share(ann, thread)]
  const rows = () => withCaller(ann.caller, async (tx) => [await tx.sharedItem.count(), await tx.attachment.count()])
  expect(await rows()).toEqual([4, 3])
  await endShare(ann.caller, first.id)
  expect(await rows()).toEqual([2, 2])
  await withCaller(ann.caller, (tx) => tx.share.update({ where: { id: second.id }, data: { expiresAt: new Date() } }))
  await deleteExpiredShares()
  expect(await rows()).toEqual([0, 1])
  await expireAttachments(ann.caller)
  expect(await listShares(ann.caller)).toEqual([])
  expect(await rows()).toEqual([0, 1])
})

test('the files of a share count as their owner’s, and no message takes them', async () => {
  const ann = await signedIn()
  const { id: thread } = await conversation(ann)
  await share(ann, thread)
  const copy = await withCaller(ann.caller, (tx) =>
    tx.attachment.findFirstOrThrow({ where: { shareId: { not: null } } }),
  )
  expect(copy.size).toBe(8)
  await expect(createPrismaStore(ann.caller).attachments?.bind(thread, [copy.id])).rejects.toMatchObject({
    code: 'conflict',
  })
})

test('“Continue from here” makes a conversation of one’s own: messages and files, without tools and assistant', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread, { withTools: true })
  const { threadId } = await continueShare(bob.caller, id)
  const store = createPrismaStore(bob.caller)
  const copy = await store.loadThread(threadId)
  expect(copy).toMatchObject({ title: 'A trip', status: { type: 'active' }, allowed_image_domains: [] })
  expect(copy.metadata).toEqual({ origin: { kind: 'shared', at: expect.any(String), messages: 2 } })
  const { data } = await store.listItems(threadId, { limit: 20, order: 'asc' })
  expect(data.map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
  expect(JSON.stringify(data)).not.toMatch(/api\/shared|Platform 9|what nobody/)
  const file = (data[0] as UserMessageItem).attachments[0]?.id ?? ''
  expect(Buffer.from((await readAttachment(bob.caller, file)).bytes).toString()).toBe('the plan')
  // Another person wrote it, so that calls after it are reviewed as after any words of others.
  expect(await listOutsideContent(bob.caller, threadId)).toMatchObject([{ kind: 'shared' }])
  // It stays when the share ends.
  await endShare(ann.caller, id)
  expect((await readAttachment(bob.caller, file)).bytes.byteLength).toBe(8)
})

test('an Office document keeps what was read of it, in the share and in the copy', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const bytes = wordFile(paragraph('The plan of the year'))
  const mime_type = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  const { id } = await announceAttachment(ann.caller, { name: 'plan.docx', size: bytes.length, mime_type })
  const file = await receiveAttachment(ann.caller, id, bytes)
  const store = createPrismaStore(ann.caller)
  await store.attachments?.bind(thread, [id])
  await store.saveItem(thread, {
    ...{ id: newId('msg'), thread_id: thread, created_at: at, type: 'user_message', inference_options: {} },
    ...{ content: [], attachments: [{ ...file, thread_id: thread }] },
  })
  const { threadId } = await continueShare(bob.caller, (await share(ann, thread)).id)
  const { data } = await createPrismaStore(bob.caller).listItems(threadId, { limit: 20, order: 'asc' })
  const copies = data.flatMap((item) => (item.type === 'user_message' ? item.attachments : []))
  const copy = copies.find(({ name }) => name === 'plan.docx')?.id ?? ''
  expect((await readAttachmentText(bob.caller, copy)).text).toContain('The plan of the year')
})

test('a conversation that takes no messages is shared, and not continued', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id } = await share(ann, (await conversation(ann, { type: 'locked' })).id)
  expect((await readAs(bob, id)).status).toBe(200)
  await expect(continueShare(bob.caller, id)).rejects.toMatchObject({ code: 'conflict' })
})

test('another person neither shares, lists nor ends', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  const { id: thread } = await conversation(ann)
  const { id } = await share(ann, thread)
  await expect(share(bob, thread)).rejects.toMatchObject({ code: 'not_found' })
  await expect(endShare(bob.caller, id)).rejects.toMatchObject({ code: 'not_found' })
  expect(await listShares(bob.caller)).toEqual([])
  const audited = await withSystem('admin', (tx) => tx.auditEvent.findMany({ where: { subject: id } }))
  expect(audited).toMatchObject([{ action: 'conversation_shared', actorId: ann.caller.userId }])
})
