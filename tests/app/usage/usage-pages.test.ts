import { expect, test, vi } from 'vitest'
import { removeLimit, setLimit } from '#app/admin/usage/limits/actions.ts'
import { GET } from '#app/api/admin/usage/route.ts'
import { recordRequests } from '#lib/data/usage/model-requests.ts'
import { listLimits } from '#lib/data/usage/usage-limits.ts'
import { readOwnUsage, sumUsage } from '#lib/data/usage/usage-report.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { signedIn } from '#tests/support/people/people.ts'

// What admins download and change about the use of models, and what people read of their own.

let browser = new Headers()
vi.mock('next/headers.js', () => ({ headers: async () => browser }))
vi.mock('next/cache', () => ({ revalidatePath: () => {} }))

type Who = Awaited<ReturnType<typeof signedIn>>

const download = (who: Who, period = '7d') =>
  GET(new Request(`http://127.0.0.1:3999/api/admin/usage?period=${period}`, { headers: who.headers }))

async function use(
  who: Who,
  values: { model?: string; assistant?: string; input?: number; costMicros?: bigint | null; ageMs?: number } = {},
) {
  const { model = 'm', assistant, input = 10, costMicros = 5n, ageMs = 0 } = values
  await recordRequests([
    {
      id: newId('req'),
      about: { ownerId: who.person.id, purpose: 'answer', assistant },
      asked: { provider: 'p', model },
      used: { input, cached: 2, output: 3, reasoning: 1, isEstimated: false },
      ...{ costMicros, outcome: 'done', beganAt: Date.now() - ageMs },
    },
  ])
}

test('the download has a line for each day, person and model, is exact, and is audited', async () => {
  await withSystem('usage', (tx) => tx.modelRequest.deleteMany())
  const admin = await signedIn({ role: 'admin', name: 'Ada' })
  const ann = await signedIn({ name: 'Ann' })
  await use(ann, { costMicros: 2_000_001n })
  await use(ann, { costMicros: null })
  await use(ann, { model: 'other', ageMs: 86_400_000 })
  await use(ann, { ageMs: 40 * 86_400_000 })
  const response = await download(admin)
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  const lines = (await response.text()).trimEnd().split('\r\n')
  const today = new Date().toISOString().slice(0, 10)
  expect(lines[0]).toBe(
    'day,person,address,provider,model,assistant,purpose,requests,estimated,unpriced,input_tokens,cached_tokens,output_tokens,reasoning_tokens,cost_usd',
  )
  expect(lines.slice(1)).toEqual([
    `${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)},Ann,${ann.person.email},p,other,,answer,1,0,0,10,2,3,1,0.000005`,
    `${today},Ann,${ann.person.email},p,m,,answer,2,0,1,20,4,6,2,2.000001`,
  ])
  const audited = await withSystem('admin', (tx) => tx.auditEvent.findMany({ where: { action: 'usage_exported' } }))
  expect(audited).toMatchObject([{ actorId: admin.person.id, detail: { since: expect.any(String) } }])
  expect((await download(ann)).status).toBe(404)
})

test('a name that a spreadsheet would take for a formula is made harmless', async () => {
  await withSystem('usage', (tx) => tx.modelRequest.deleteMany())
  const admin = await signedIn({ role: 'admin' })
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")', 'a "b", c', 'two\nlines']
  for (const name of names) await use(await signedIn({ name }), { model: name, assistant: name })
  const text = await (await download(admin)).text()
  for (const cell of text.split(/\r\n|,/)) expect(cell).not.toMatch(/^"?[=+\-@\t\r]/)
  expect(text).toContain(`"'=HYPERLINK(""http://x"",""y"")"`)
  expect(text).toContain('"a ""b"", c"')
})

test('a download of more lines than are read at once has each line once', async () => {
  await withSystem('usage', (tx) => tx.modelRequest.deleteMany())
  const [admin, ann] = [await signedIn({ role: 'admin' }), await signedIn()]
  await recordRequests(
    Array.from({ length: 1_203 }, (_, index) => ({
      id: newId('req'),
      about: { ownerId: ann.person.id, purpose: 'answer' as const },
      asked: { provider: 'p', model: `model ${index}` },
      used: { input: 1, cached: 0, output: 0, reasoning: 0, isEstimated: false },
      ...{ costMicros: 0n, outcome: 'done' as const, beganAt: Date.now() },
    })),
  )
  const lines = (await (await download(admin)).text()).trimEnd().split('\r\n')
  expect(lines.length).toBe(1_204)
  expect(new Set(lines).size).toBe(1_204)
})

const form = (fields: Record<string, string>) => {
  const data = new FormData()
  const whole = {
    audience: 'everybody',
    whose: 'each',
    period: 'month',
    unit: 'tokens',
    amount: '5',
    warnPercent: '80',
    ...fields,
  }
  for (const [name, value] of Object.entries(whole)) data.set(name, value)
  return data
}

test('an admin adds, changes and removes limits on the page; each is audited', async () => {
  const [admin, ann] = [await signedIn({ role: 'admin' }), await signedIn()]
  browser = new Headers(admin.headers)
  const saved = async (fields: Record<string, string>) => {
    await expect(setLimit(form(fields))).rejects.toMatchObject({ digest: expect.stringContaining('NEXT_REDIRECT') })
    return listLimits()
  }
  const [first] = await saved({ unit: 'cost', amount: '$1,000.25', whose: 'together' })
  expect(first).toMatchObject({ audience: { kind: 'everybody' }, isShared: true, unit: 'cost', amount: 1_000_250_000n })
  const id = first?.id ?? ''
  const changed = await saved({ id, amount: '200,000', audience: 'chosen', audiencePeople: ann.person.email })
  expect(changed).toMatchObject([{ id, amount: 200_000n, isShared: false, audience: { people: [ann.person.id] } }])
  expect(await removeLimit(form({ id }))).toBeUndefined()
  expect(await listLimits()).toEqual([])
  const audited = await withSystem('admin', (tx) =>
    tx.auditEvent.findMany({ where: { subject: id }, orderBy: { at: 'asc' } }),
  )
  expect(audited.map(({ action }) => action)).toEqual(['limit_changed', 'limit_changed', 'limit_removed'])
})

test.each([
  ['a negative amount', { amount: '-5' }],
  ['half a token', { amount: '1.5' }],
  ['an exponent', { amount: '1e308' }],
  ['too much', { amount: '9'.repeat(15) }],
  ['not a number', { amount: 'NaN' }],
  ['seven digits of a dollar', { unit: 'cost', amount: '0.0000001' }],
  ['a warning at more than all', { warnPercent: '101' }],
  ['an unknown period', { period: 'year' }],
  ['a person who is not there', { audience: 'chosen', audiencePeople: 'nobody@example.com' }],
])('%s is refused with a sentence', async (_name, fields: Record<string, string>) => {
  browser = new Headers((await signedIn({ role: 'admin' })).headers)
  expect(await setLimit(form(fields))).toEqual({ error: expect.stringMatching(/\.$/) })
  expect(await listLimits()).toEqual([])
})

test('a limit that is gone is not found', async () => {
  browser = new Headers((await signedIn({ role: 'admin' })).headers)
  expect(await setLimit(form({ id: 'lim_gone' }))).toEqual({ error: 'This limit was not found.' })
})

test('a person reads their own use by day, model and assistant, with totals', async () => {
  const [ann, bob] = [await signedIn(), await signedIn()]
  await use(ann, { model: 'dear', assistant: 'Travel', costMicros: 50n })
  await use(ann, { model: 'cheap', costMicros: 1n })
  await use(ann, { model: 'cheap', costMicros: null })
  await use(bob, { model: 'his' })
  const week = new Date(Date.now() - 7 * 86_400_000)
  expect(
    (await readOwnUsage(ann.caller, 'model', week)).map(({ key, note, requests, costMicros }) => [
      key,
      note,
      requests,
      costMicros,
    ]),
  ).toEqual([
    ['dear', 'p', 1, 50n],
    ['cheap', 'p', 2, 1n],
  ])
  expect((await readOwnUsage(ann.caller, 'assistant', week)).map(({ key }) => key)).toEqual(['Travel', null])
  const days = await readOwnUsage(ann.caller, 'day', week)
  expect(sumUsage(days)).toEqual({
    requests: 3,
    estimated: 0,
    unpriced: 1,
    input: 30n,
    cached: 6n,
    output: 9n,
    reasoning: 3n,
    costMicros: 51n,
  })
})
