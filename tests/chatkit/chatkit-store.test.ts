import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { memoryRows, memoryStore } from '#tests/support/chatkit/memory-store.ts'
import { signedIn } from '#tests/support/people/people.ts'

// What every store must do: the cases of the protocol's own store suite, and what our protocol
// adds.

const NOW = '2026-11-22T10:00:00.000Z'

const thread = (store: Store, more: Partial<Thread> = {}): Thread => ({
  id: store.newThreadId(),
  created_at: NOW,
  status: { type: 'active' },
  metadata: {},
  ...more,
})

const message = (threadId: string, id: string, text = 'hello'): ThreadItem => ({
  id,
  thread_id: threadId,
  created_at: NOW,
  type: 'assistant_message',
  content: [{ type: 'output_text', text, annotations: [] }],
})

const missing = { code: 'not_found' }

async function twoPeople(kind: string): Promise<[Store, Store]> {
  if (kind === 'memory') {
    const rows = memoryRows()
    return [memoryStore(rows, 'ann'), memoryStore(rows, 'bob')]
  }
  const [ann, bob] = [await signedIn(), await signedIn()]
  return [createPrismaStore(ann.caller), createPrismaStore(bob.caller)]
}

describe.each(['PostgreSQL', 'memory'])('the store in %s', (kind) => {
  const open = async () => (await twoPeople(kind))[0]

  async function withThread(): Promise<{ store: Store; id: string }> {
    const store = await open()
    const made = thread(store)
    await store.saveThread(made)
    return { store, id: made.id }
  }

  async function withItems(count: number): Promise<{ store: Store; id: string }> {
    const { store, id } = await withThread()
    for (let n = 1; n <= count; n += 1) await store.addItem(id, message(id, `m${n}`))
    return { store, id }
  }

  const ids = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id)

  test('returns a thread as it was saved', async () => {
    const store = await open()
    const full = thread(store, {
      title: 'Holidays',
      status: { type: 'locked', reason: 'Wait.' },
      allowed_image_domains: ['example.com'],
      metadata: { key: { nested: [1, null] } },
    })
    await store.saveThread(full)
    expect(await store.loadThread(full.id)).toEqual(full)
  })

  test('returns a thread without a title if it has none', async () => {
    const { store, id } = await withThread()
    expect(await store.loadThread(id)).toEqual({ id, created_at: NOW, status: { type: 'active' }, metadata: {} })
  })

  test('tells an empty list of image hosts from none', async () => {
    const store = await open()
    const none = thread(store, { allowed_image_domains: [] })
    await store.saveThread(none)
    expect((await store.loadThread(none.id)).allowed_image_domains).toEqual([])
  })

  test('overwrites title, status and metadata if a thread is saved again, and can remove the title', async () => {
    const store = await open()
    const first = thread(store, { title: 'One', metadata: { a: 1 } })
    await store.saveThread(first)
    await store.saveThread({ ...first, title: 'Two', metadata: { b: 2 }, status: { type: 'closed' } })
    expect(await store.loadThread(first.id)).toMatchObject({
      title: 'Two',
      metadata: { b: 2 },
      status: { type: 'closed' },
    })
    await store.saveThread({ ...first, title: undefined })
    expect((await store.loadThread(first.id)).title).toBeUndefined()
  })

  test('returns items unchanged, including unknown properties of a widget', async () => {
    const { store, id } = await withThread()
    const widget: ThreadItem = {
      id: 'w1',
      thread_id: id,
      created_at: NOW,
      type: 'widget',
      widget: { type: 'Card', children: [{ type: 'Text', id: 't', value: 'x', invented: { deep: [true] } }] },
      copy_text: 'x',
    }
    const hidden: ThreadItem = {
      id: 'h1',
      thread_id: id,
      created_at: NOW,
      type: 'hidden_context_item',
      content: { a: null, b: [1] },
    }
    await store.addItem(id, widget)
    await store.addItem(id, hidden)
    expect((await store.listItems(id, { limit: 10, order: 'asc' })).data).toEqual([widget, hidden])
  })

  test('removes characters that a database rejects from text', async () => {
    const { store, id } = await withThread()
    await store.addItem(id, message(id, 'm1', 'nul \0 half \ud800 whole 😀 \\u0000'))
    const item = await store.loadItem(id, 'm1')
    expect(JSON.stringify(item)).toContain('whole 😀 \\\\\\\\u0000'.replaceAll('\\\\\\\\', '\\\\'))
  })

  test('pages threads in the order of creation, even if they were created at the same time', async () => {
    const store = await open()
    const made = ['a', 'b', 'c'].map(() => thread(store))
    for (const each of made) await store.saveThread(each)
    const [a, b, c] = made.map(({ id }) => id)
    const first = await store.listThreads({ limit: 2, order: 'asc' })
    expect(first).toMatchObject({ has_more: true, after: b })
    expect(ids(first)).toEqual([a, b])
    const second = await store.listThreads({ limit: 2, order: 'asc', after: first.after })
    expect(ids(second)).toEqual([c])
    expect(second).toEqual({ data: second.data, has_more: false })
    expect(ids(await store.listThreads({ limit: 9, order: 'desc' }))).toEqual([c, b, a])
  })

  test('lists items in both orders, and an item that is written again keeps its place', async () => {
    const { store, id } = await withItems(3)
    await store.saveItem(id, message(id, 'm1', 'changed'))
    await store.addItem(id, message(id, 'm2', 'added twice'))
    expect(ids(await store.listItems(id, { limit: 9, order: 'asc' }))).toEqual(['m1', 'm2', 'm3'])
    expect(ids(await store.listItems(id, { limit: 9, order: 'desc' }))).toEqual(['m3', 'm2', 'm1'])
  })

  test('has an exclusive cursor for items that names the last row', async () => {
    const { store, id } = await withItems(4)
    const first = await store.listItems(id, { limit: 2, order: 'desc' })
    expect(first).toMatchObject({ has_more: true, after: 'm3' })
    expect(ids(await store.listItems(id, { limit: 2, order: 'desc', after: first.after }))).toEqual(['m2', 'm1'])
  })

  test('leaves no gap in a visible page for hidden items', async () => {
    const { store, id } = await withThread()
    for (let n = 1; n <= 6; n += 1) {
      const hidden: ThreadItem = {
        id: `h${n}`,
        thread_id: id,
        created_at: NOW,
        type: 'sdk_hidden_context',
        content: 'x',
      }
      await store.addItem(id, n % 2 ? hidden : message(id, `m${n}`))
    }
    const page = await store.listItems(id, { limit: 2, order: 'asc', visible: true })
    expect(ids(page)).toEqual(['m2', 'm4'])
    expect(ids(await store.listItems(id, { limit: 2, order: 'asc', visible: true, after: page.after }))).toEqual(['m6'])
  })

  test('gives each visible item once and in order, for any page size and starting item', async () => {
    const { store, id } = await withThread()
    const all = Array.from({ length: 9 }, (_, n) => `m${n}`)
    for (const [n, item] of all.entries())
      await store.addItem(
        id,
        n % 3 === 1 ? { ...message(id, item), type: 'sdk_hidden_context', content: 'x' } : message(id, item),
      )
    const query = fc.record({
      limit: fc.integer({ min: 1, max: 12 }),
      order: fc.constantFrom('asc' as const, 'desc' as const),
      visible: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(query, fc.option(fc.constantFrom(...all), { nil: undefined }), async (asked, from) => {
        const listed = all.filter((_, n) => !asked.visible || n % 3 !== 1 || all[n] === from)
        const ordered = asked.order === 'asc' ? listed : listed.toReversed()
        const seen: string[] = []
        for (let after = from, more = true; more; ) {
          const page = await store.listItems(id, { ...asked, after })
          expect(page.after).toBe(page.has_more ? ids(page).at(-1) : undefined)
          expect(page.data.length).toBeLessThanOrEqual(asked.limit)
          seen.push(...ids(page))
          more = page.has_more
          after = page.after
        }
        expect(seen).toEqual(ordered.slice(from === undefined ? 0 : ordered.indexOf(from) + 1))
      }),
      { numRuns: 25 },
    )
  })

  test('rejects an unknown cursor with not_found', async () => {
    const { store, id } = await withItems(1)
    await expect(store.listItems(id, { limit: 2, order: 'asc', after: 'nope' })).rejects.toMatchObject(missing)
    await expect(store.listThreads({ limit: 2, order: 'asc', after: 'nope' })).rejects.toMatchObject(missing)
  })

  test('reads and overwrites a single item', async () => {
    const { store, id } = await withItems(1)
    await store.saveItem(id, message(id, 'm1', 'new'))
    expect(await store.loadItem(id, 'm1')).toEqual(message(id, 'm1', 'new'))
    await store.saveItem(id, message(id, 'm2', 'saved without being there'))
    expect(await store.loadItem(id, 'm2')).toMatchObject({ id: 'm2' })
  })

  test('rejects reading a missing item with not_found, but not deleting it', async () => {
    const { store, id } = await withItems(1)
    await expect(store.loadItem(id, 'nope')).rejects.toMatchObject(missing)
    await expect(store.deleteItem(id, 'nope')).resolves.toBeUndefined()
    await store.deleteItem(id, 'm1')
    await expect(store.loadItem(id, 'm1')).rejects.toMatchObject(missing)
  })

  test('rejects items of a missing thread', async () => {
    const store = await open()
    await expect(store.addItem('thr_nope', message('thr_nope', 'm1'))).rejects.toMatchObject(missing)
  })

  test('deletes a thread with its items', async () => {
    const { store, id } = await withItems(2)
    await store.deleteThread(id)
    await expect(store.loadThread(id)).rejects.toMatchObject(missing)
    await expect(store.deleteThread(id)).rejects.toMatchObject(missing)
    expect(await store.listItems(id, { limit: 2, order: 'asc' })).toEqual({ data: [], has_more: false })
  })

  test('hides one person’s threads and items from another', async () => {
    const [ann, bob] = await twoPeople(kind)
    const own = thread(ann, { title: "Ann's" })
    await ann.saveThread(own)
    await ann.addItem(own.id, message(own.id, 'm1'))
    await expect(bob.loadThread(own.id)).rejects.toMatchObject(missing)
    await expect(bob.loadItem(own.id, 'm1')).rejects.toMatchObject(missing)
    await expect(bob.saveThread({ ...own, title: "Bob's" })).rejects.toMatchObject(missing)
    await expect(bob.deleteThread(own.id)).rejects.toMatchObject(missing)
    await expect(bob.addItem(own.id, message(own.id, 'm2'))).rejects.toMatchObject(missing)
    await expect(bob.saveItem(own.id, message(own.id, 'm1', 'stolen'))).rejects.toMatchObject(missing)
    await bob.deleteItem(own.id, 'm1').catch(() => undefined)
    expect(await bob.listThreads({ limit: 5, order: 'asc' })).toEqual({ data: [], has_more: false })
    await expect(bob.listThreads({ limit: 5, order: 'asc', after: own.id })).rejects.toMatchObject(missing)
    expect(await bob.listItems(own.id, { limit: 5, order: 'asc' })).toEqual({ data: [], has_more: false })
    expect(await ann.loadThread(own.id)).toEqual(own)
    expect(await ann.loadItem(own.id, 'm1')).toEqual(message(own.id, 'm1'))
  })

  test('makes ids that show their kind and cannot be guessed', async () => {
    const store = await open()
    expect(store.newThreadId()).toMatch(/^thr_.{20,}$/)
    expect(
      ['message', 'tool_call', 'task', 'workflow'].map((kind) => store.newItemId(kind as 'task').split('_')[0]),
    ).toEqual(['msg', 'tc', 'tsk', 'wf'])
    const many = new Set(Array.from({ length: 2_000 }, () => store.newItemId('message')))
    expect(many.size).toBe(2_000)
  })

  const file = { type: 'file', name: 'a.txt', mime_type: 'text/plain', metadata: { key: 'v', none: null } } as const
  const image = { ...file, type: 'image', mime_type: 'image/png', preview_url: 'https://example.com/p' } as const

  test.each([file, image])(
    'returns a $type attachment with its metadata, overwrites it, and hides it from another person',
    async (about) => {
      const [{ attachments: own, ...ann }, { attachments: other }] = await twoPeople(kind)
      if (!own || !other) throw new Error('this store takes no attachments')
      const attachment: Attachment = { ...about, id: ann.newItemId('attachment') }
      await own.save(attachment)
      expect(await own.load(attachment.id)).toEqual(attachment)
      await own.save({ ...attachment, thread_id: 'thr_1' })
      expect(await own.load(attachment.id)).toEqual({ ...attachment, thread_id: 'thr_1' })
      await expect(other.load(attachment.id)).rejects.toMatchObject(missing)
      await expect(other.save({ ...attachment, name: 'stolen' })).rejects.toMatchObject(missing)
      await expect(other.bind('thr_2', [attachment.id])).rejects.toMatchObject({
        code: expect.stringMatching(/not_found|conflict/),
      })
      await other.delete(attachment.id)
      expect(await own.load(attachment.id)).toMatchObject({ name: 'a.txt' })
      await own.delete(attachment.id)
      await expect(own.load(attachment.id)).rejects.toMatchObject(missing)
    },
  )

  test('changes fields of a thread one by one, and keeps concurrent changes of other fields', async () => {
    const [ann, bob] = await twoPeople(kind)
    const thread = {
      id: ann.newThreadId(),
      created_at: '2026-01-02T03:04:05.678Z',
      title: 'A',
      status: { type: 'active' as const },
      metadata: {},
    }
    await ann.saveThread(thread)
    await Promise.all([
      ann.changeThread(thread.id, { title: 'B\0' }),
      ann.changeThread(thread.id, { status: { type: 'locked', reason: 'x' } }),
      ann.changeThread(thread.id, { metadata: { step: 1 } }),
      ann.changeThread(thread.id, { allowed_image_domains: [] }),
    ])
    const changed = {
      ...thread,
      title: expect.stringMatching(/^B/),
      status: { type: 'locked', reason: 'x' },
      metadata: { step: 1 },
    }
    expect(await ann.loadThread(thread.id)).toEqual({ ...changed, allowed_image_domains: [] })
    const bare = await ann.changeThread(thread.id, { title: undefined, allowed_image_domains: undefined })
    expect(bare).toEqual(await ann.loadThread(thread.id))
    expect(Object.keys(bare).sort()).toEqual(['created_at', 'id', 'metadata', 'status'])
    for (const store of [bob, ann])
      await expect(store.changeThread(store === bob ? thread.id : 'nope', { title: 'stolen' })).rejects.toMatchObject(
        missing,
      )
  })

  test('binds files to one thread only, all files of a message or none, even if two messages race', async () => {
    const store = await open()
    const { attachments } = store
    if (!attachments) throw new Error('this store takes no attachments')
    const ids = [1, 2, 3].map(() => store.newItemId('attachment'))
    for (const id of ids) await attachments.save({ ...file, id })
    const [a, b, c] = ids as [string, string, string]
    await attachments.bind('thr_1', [a])
    await attachments.bind('thr_1', [a])
    await expect(attachments.bind('thr_2', [b, a])).rejects.toMatchObject({ code: 'conflict' })
    expect(await attachments.load(b)).not.toHaveProperty('thread_id')
    const both = await Promise.allSettled([attachments.bind('thr_1', [b, c]), attachments.bind('thr_2', [c, b])])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const [kept] = await Promise.all([b, c].map((id) => attachments.load(id)))
    expect(await attachments.load(c)).toMatchObject({ thread_id: kept?.thread_id })
  })
})
