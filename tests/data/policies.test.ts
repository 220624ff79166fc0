import { renderToStaticMarkup } from 'react-dom/server'
import { beforeEach, expect, test, vi } from 'vitest'
import { removePolicy, setPolicy, showSentence } from '#app/admin/policies/actions.ts'
import PoliciesPage from '#app/admin/policies/page.tsx'
import { findPolicy, listPolicies } from '#lib/data/servers/policies.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { blackHole } from '#tests/support/tool-servers/fault-server.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

// Next passes the request to pages and actions through these two modules. Here a variable holds the
// browser's headers.
let browser = new Headers()
vi.mock('next/headers.js', () => ({ headers: async () => browser }))
vi.mock('next/cache', () => ({ revalidatePath: () => {} }))

let admin: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  await withSystem('admin', (tx) => tx.toolPolicy.deleteMany())
  admin = await signedIn({ role: 'admin' })
  browser = new Headers(admin.headers)
})

const form = (fields: Record<string, string>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries({
    server: 'crm',
    tool: '',
    approval: '',
    hidden: '',
    idleSeconds: '',
    ...fields,
  }))
    data.set(name, value)
  return data
}

test('a tool’s policy overrides its server’s, and policy changes are audited', async () => {
  expect(
    await setPolicy(form({ approval: 'always', idleSeconds: '20', hidden: 'iban, card_number iban' })),
  ).toBeUndefined()
  expect(await setPolicy(form({ tool: 'look', approval: 'never', repeatable: 'on', hidden: 'note' }))).toBeUndefined()
  const policies = await listPolicies(admin.caller)
  expect(findPolicy(policies, 'crm', 'look')).toMatchObject({
    ...{ approval: 'never', repeatable: true, idleSeconds: 20, hidden: ['note', 'iban', 'card_number'] },
  })
  expect(findPolicy(policies, 'crm', 'pay')).toMatchObject({ approval: 'always', repeatable: false })
  expect(findPolicy(policies, 'other', 'pay')).toMatchObject({ approval: 'annotation', idleSeconds: null, hidden: [] })
  expect(await removePolicy(form({ tool: 'look' }))).toBeUndefined()
  expect(findPolicy(await listPolicies(admin.caller), 'crm', 'look').approval).toBe('always')
  const events = await withSystem('admin', (tx) =>
    tx.auditEvent.findMany({ where: { actorId: admin.person.id }, orderBy: { at: 'asc' } }),
  )
  expect(events.map(({ action, subject }) => [action, subject])).toEqual([
    ['policy_changed', 'crm *'],
    ['policy_changed', 'crm look'],
    ['policy_removed', 'crm look'],
  ])
  expect(await PoliciesPage({ searchParams: Promise.resolve({}) })).toBeDefined()
})

test('what happens after untrusted content can be chosen, and the page says what the default is and why', async () => {
  const effective = async (tool: string) => findPolicy(await listPolicies(admin.caller), 'crm', tool).afterUntrusted
  const page = async () => renderToStaticMarkup(await PoliciesPage({ searchParams: Promise.resolve({}) }))
  expect(await effective('pay')).toBe('ask')
  expect(await page()).toContain('may hold instructions that others wrote, and a model may follow them')
  expect(await setPolicy(form({ afterUntrusted: 'allow' }))).toBeUndefined()
  expect(await setPolicy(form({ tool: 'pay', afterUntrusted: 'ask' }))).toBeUndefined()
  expect(await setPolicy(form({ tool: 'look', approval: 'never' }))).toBeUndefined()
  expect([await effective('pay'), await effective('look'), await effective('other')]).toEqual(['ask', 'allow', 'allow'])
  const shown = await page()
  expect(shown).toContain('Does not ask')
  expect(shown).toContain('Asks')
})

test.each([
  [{ idleSeconds: 'soon' }, 'whole seconds'],
  [{ idleSeconds: '0' }, 'whole seconds'],
  [{ hardSeconds: '1e9' }, 'whole seconds'],
  [{ server: ' ' }, 'Choose a server'],
  [{ approval: 'sometimes' }, 'Choose a server'],
  [{ afterUntrusted: 'sometimes' }, 'Choose a server'],
  [{ repeatable: 'on' }, 'one tool at a time'],
])('an invalid policy is answered with a sentence: %j', async (fields, says) => {
  expect(await setPolicy(form(fields as Record<string, string>))).toEqual({ error: expect.stringContaining(says) })
  expect(await listPolicies(admin.caller)).toEqual([])
})

test('a member cannot change policies, neither on the page nor in the database', async () => {
  const member = await signedIn()
  browser = new Headers(member.headers)
  await expect(setPolicy(form({ approval: 'never' }))).rejects.toThrow()
  await expect(removePolicy(form({}))).rejects.toThrow()
  await expect(PoliciesPage({ searchParams: Promise.resolve({}) })).rejects.toThrow()
  const data = { server: 'crm', tool: '*', approval: 'never', hidden: [] }
  await expect(withCaller(member.caller, (tx) => tx.toolPolicy.create({ data }))).rejects.toThrow(/row-level security/)
  expect(await listPolicies(member.caller)).toEqual([])
})

test('a policy about a missing tool or server is reported with a suggestion', async () => {
  await using crm = await mcpServer([{ name: 'close_ticket', run: () => 'closed' }])
  await using asleep = await blackHole()
  withSettings({ MCP_SERVER_URL: crm.url, MCP_CONNECT_TIMEOUT: '1' })
  const name = new URL(crm.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  const page = async () => renderToStaticMarkup(await PoliciesPage({ searchParams: Promise.resolve({}) }))
  for (const fields of [
    { server: name, tool: 'close_ticket' },
    { server: name, tool: '' },
    { server: 'switchboard', tool: 'delete_task' },
  ])
    await setPolicy(form({ ...fields, approval: 'always' }))
  expect(await page()).not.toContain('no effect')
  await setPolicy(form({ server: name, tool: `${name}_close_ticket`, approval: 'always' }))
  await setPolicy(form({ server: 'switchboard', tool: 'Delete-Task', approval: 'always' }))
  await setPolicy(form({ server: 'gone', tool: '', approval: 'always' }))
  const warned = await page()
  expect(warned).toContain('3 policies have no effect')
  expect(warned).toContain(`${name} has no tool ${name}_close_ticket. Is close_ticket meant?`)
  expect(warned).toContain('switchboard has no tool Delete-Task. Is delete_task meant?')
  expect(warned).toContain('There is no server gone, or it is switched off.')
  expect(warned.match(/Not there/g)).toHaveLength(3)
  // If a server does not answer, its tools are unknown.
  withSettings({ MCP_SERVER_URL: asleep.url, MCP_CONNECT_TIMEOUT: '1' })
  const sleeping = new URL(asleep.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  await setPolicy(form({ server: sleeping, tool: 'whatever', approval: 'always' }))
  expect(await page()).not.toContain('has no tool whatever')
})

test('what a call does is kept for one tool alone, and only if it can be filled', async () => {
  const says = { tool: 'pay', sentence: 'Pay {amount} to {result.name}', sentenceTool: 'find_payee' }
  expect(await setPolicy(form(says))).toBeUndefined()
  const policies = await listPolicies(admin.caller)
  expect(findPolicy(policies, 'crm', 'pay')).toMatchObject({ sentence: says.sentence, sentenceTool: 'find_payee' })
  expect(findPolicy(policies, 'crm', 'look')).toMatchObject({ sentence: null, sentenceTool: null })
  expect(await setPolicy(form({ ...says, tool: '' }))).toEqual({ error: expect.stringContaining('one tool at a time') })
  expect(await setPolicy(form({ ...says, sentence: 'Pay {a b}' }))).toEqual({
    error: expect.stringContaining('{title}'),
  })
  expect(await setPolicy(form({ ...says, sentenceTool: 'pay' }))).toEqual({ error: expect.stringContaining('its own') })
  expect(await setPolicy(form({ ...says, sentence: '', sentenceTool: '' }))).toBeUndefined()
  expect(findPolicy(await listPolicies(admin.caller), 'crm', 'pay')).toMatchObject({
    sentence: null,
    sentenceTool: null,
  })
})

test('the preview fills a sentence with examples, and says why it cannot', async () => {
  const show = (fields: Record<string, string>) => showSentence(form(fields))
  const sentence = 'Pay {amount} to {result.name}'
  const examples = { exampleArguments: '{"amount": 3}', exampleResult: '{"name": "Ann\\u200b"}' }
  expect(await show({ sentence, ...examples })).toEqual({ text: 'Pay 3 to “Ann⟦U+200B⟧”' })
  expect(await show({ sentence, exampleArguments: '{"amount": 3}' })).toEqual({
    error: expect.stringContaining('no value'),
  })
  expect(await show({ sentence, exampleArguments: '[]' })).toEqual({
    error: expect.stringContaining('not a JSON object'),
  })
  expect(await show({ sentence: 'Pay {' })).toEqual({ error: expect.stringContaining('braces') })
  expect(await show({ sentence: ' ' })).toEqual({ error: expect.stringContaining('Write first') })
})
