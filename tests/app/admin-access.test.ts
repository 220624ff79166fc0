import { globSync, readFileSync } from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import EditAssistantPage from '#app/admin/assistants/[slug]/edit/page.tsx'
import AssistantPage from '#app/admin/assistants/[slug]/page.tsx'
import VersionPage from '#app/admin/assistants/[slug]/versions/[number]/page.tsx'
import {
  deleteAssistant,
  restoreVersion,
  saveForAll,
  saveVersion,
  showInstructions,
} from '#app/admin/assistants/actions.ts'
import NewAssistantPage from '#app/admin/assistants/new/page.tsx'
import OrganisationPage from '#app/admin/assistants/organisation/page.tsx'
import AssistantsPage from '#app/admin/assistants/page.tsx'
import AuditPage from '#app/admin/audit/page.tsx'
import { keepView, removeView } from '#app/admin/lists/actions.ts'
import ModelPage from '#app/admin/models/[id]/page.tsx'
import { deleteModel, deleteProvider, saveModel, saveProvider, testModel } from '#app/admin/models/actions.ts'
import NewModelPage from '#app/admin/models/new/page.tsx'
import ModelsPage from '#app/admin/models/page.tsx'
import ProviderPage from '#app/admin/models/providers/[id]/page.tsx'
import NewProviderPage from '#app/admin/models/providers/new/page.tsx'
import AdminPage from '#app/admin/page.tsx'
import { changeRole, disablePerson, enablePerson, signOutPerson } from '#app/admin/people/actions.ts'
import PeoplePage from '#app/admin/people/page.tsx'
import { removePolicy, setPolicy, showSentence } from '#app/admin/policies/actions.ts'
import PoliciesPage from '#app/admin/policies/page.tsx'
import RunPage from '#app/admin/runs/[id]/page.tsx'
import RunsPage from '#app/admin/runs/page.tsx'
import EditServerPage from '#app/admin/servers/[id]/edit/page.tsx'
import ServerPage from '#app/admin/servers/[id]/page.tsx'
import NewServerPage from '#app/admin/servers/new/page.tsx'
import ServersPage from '#app/admin/servers/page.tsx'
import { repeatAnyCall } from '#app/admin/tool-calls/[id]/actions.ts'
import ToolCallPage from '#app/admin/tool-calls/[id]/page.tsx'
import ToolCallsPage from '#app/admin/tool-calls/page.tsx'
import { removeLimit, setLimit } from '#app/admin/usage/limits/actions.ts'
import LimitsPage from '#app/admin/usage/limits/page.tsx'
import UsagePage from '#app/admin/usage/page.tsx'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { findBearerCaller } from '#lib/auth/tokens/find-bearer-caller.ts'
import { listPeople } from '#lib/data/people/people.ts'
import { countActivePeople } from '#lib/data/runs/overview/read-overview.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { deleteAuditEvents } from '#tests/support/delete-audit-events.ts'
import { personalToken, sessionCookieOf, signedIn } from '#tests/support/people/people.ts'

// Next passes the request to pages and actions through these two modules. Here a variable holds the
// browser's headers.
let browser = new Headers()
vi.mock('next/headers.js', () => ({ headers: async () => browser }))
vi.mock('next/cache', () => ({ revalidatePath: () => {} }))

type Who = Awaited<ReturnType<typeof signedIn>>
let admin: Who
let member: Who

beforeEach(async () => {
  await withSystem('admin', (tx) => tx.user.deleteMany())
  await deleteAuditEvents()
  admin = await signedIn({ role: 'admin', name: 'Ada Admin' })
  member = await signedIn({ name: 'Mo Member' })
})

const as = (who: Who | null) => {
  browser = new Headers(who?.headers)
}
const form = (fields: Record<string, string>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  return data
}
const account = (who: Who) =>
  withSystem('admin', (tx) => tx.user.findUniqueOrThrow({ where: { id: who.caller.userId } }))
const audit = () => withSystem('admin', (tx) => tx.auditEvent.findMany({ orderBy: { at: 'asc' } }))

const params = Promise.resolve({ id: 'call_1' })
const assistant = Promise.resolve({ slug: 'switchboard', number: '1' })
const searchParams = Promise.resolve({})
const PAGES: [string, () => Promise<unknown>][] = [
  ['the overview', () => AdminPage({ searchParams })],
  ['the tool calls', () => ToolCallsPage({ searchParams })],
  ['a tool call', () => ToolCallPage({ params })],
  ['the runs', () => RunsPage({ searchParams })],
  ['a run', () => RunPage({ params })],
  ['the audit', () => AuditPage({ searchParams })],
  ['the people', () => PeoplePage({ searchParams })],
  ['the tool policies', () => PoliciesPage({ searchParams })],
  ['the tool servers', () => ServersPage()],
  ['a tool server', () => ServerPage({ params, searchParams })],
  ['a tool server’s settings', () => EditServerPage({ params })],
  ['a new tool server', () => NewServerPage()],
  ['the usage', () => UsagePage({ searchParams })],
  ['the limits of use', () => LimitsPage({ searchParams })],
  ['the models', () => ModelsPage()],
  ['a model', () => ModelPage({ params })],
  ['a new model', () => NewModelPage({ searchParams })],
  ['a provider', () => ProviderPage({ params })],
  ['a new provider', () => NewProviderPage()],
  ['the assistants', () => AssistantsPage()],
  ['an assistant', () => AssistantPage({ params: assistant })],
  ['an assistant’s form', () => EditAssistantPage({ params: assistant })],
  ['a version of an assistant', () => VersionPage({ params: assistant })],
  ['a new assistant', () => NewAssistantPage()],
  ['what holds for every assistant', () => OrganisationPage()],
]
const ACTIONS = {
  ...{ changeRole, disablePerson, enablePerson, signOutPerson, repeatAnyCall },
  ...{ setLimit, removeLimit },
  ...{ keepView, removeView },
  ...{ saveProvider, deleteProvider, saveModel, deleteModel },
  testModel: () => testModel('settings'),
  ...{ saveVersion, restoreVersion, deleteAssistant, saveForAll, showInstructions },
  ...{ setPolicy, removePolicy, showSentence },
}

test.each(PAGES)('%s: a member gets a 404, and a visitor is sent to sign-in', async (_name, open) => {
  as(member)
  await expect(open()).rejects.toMatchObject({ digest: 'NEXT_HTTP_ERROR_FALLBACK;404' })
  as(null)
  await expect(open()).rejects.toMatchObject({ digest: expect.stringMatching(/^NEXT_REDIRECT;.*\/sign-in/) })
})

test('every admin page is listed above and requires an admin', () => {
  const pages = globSync('app/admin/**/page.tsx')
  expect(pages).toHaveLength(PAGES.length)
  for (const page of [...pages, 'app/admin/layout.tsx'])
    expect(readFileSync(page, 'utf8'), page).toContain('await requirePageAdmin()')
})

test.each(Object.entries(ACTIONS))(
  '%s refuses a member who sends the action without seeing the page',
  async (_name, act) => {
    as(member)
    await expect(act(form({ person: admin.caller.userId, role: 'member' }))).rejects.toMatchObject({
      digest: 'NEXT_HTTP_ERROR_FALLBACK;404',
    })
    expect(await account(admin)).toMatchObject({ role: 'admin', disabledAt: null, sessionVersion: 1 })
    expect(await audit()).toEqual([])
  },
)

test('a role change ends the old sessions and is audited', async () => {
  as(admin)
  expect(await changeRole(form({ person: member.caller.userId, role: 'admin' }))).toBeUndefined()
  expect(await account(member)).toMatchObject({ role: 'admin', sessionVersion: 2 })
  expect(await findCaller(new Headers(member.headers))).toBeNull()
  expect(await audit()).toMatchObject([
    { action: 'role_changed', actorId: admin.caller.userId, subject: member.caller.userId, detail: { role: 'admin' } },
  ])
})

test('a disabled account is signed out at once and can be enabled again', async () => {
  as(admin)
  expect(await disablePerson(form({ person: member.caller.userId }))).toBeUndefined()
  expect(await findCaller(new Headers(member.headers))).toBeNull()
  expect(await enablePerson(form({ person: member.caller.userId }))).toBeUndefined()
  expect(await account(member)).toMatchObject({ disabledAt: null })
  expect((await audit()).map(({ action }) => action)).toEqual(['account_disabled', 'account_enabled'])
})

test('an admin can end every session of a person', async () => {
  as(admin)
  expect(await signOutPerson(form({ person: member.caller.userId }))).toBeUndefined()
  expect(await findCaller(new Headers(member.headers))).toBeNull()
})

test('an admin cannot change their own account here, and wrong input is answered with a sentence', async () => {
  as(admin)
  expect(await disablePerson(form({ person: admin.caller.userId }))).toEqual({
    error: expect.stringContaining('your own account'),
  })
  expect(await changeRole(form({ person: member.caller.userId, role: 'owner' }))).toEqual({
    error: 'This role does not exist.',
  })
  expect(await signOutPerson(form({ person: 'usr_nobody' }))).toEqual({ error: 'This account was not found.' })
  expect(await account(admin)).toMatchObject({ role: 'admin', disabledAt: null })
})

test('one admin remains if two admins demote each other at once', async () => {
  const other = await signedIn({ role: 'admin' })
  const { setRole } = await import('#lib/data/people/people.ts')
  const outcomes = await Promise.allSettled([
    setRole(admin.caller, other.caller.userId, 'member'),
    setRole(other.caller, admin.caller.userId, 'member'),
  ])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect([(await account(admin)).role, (await account(other)).role].sort()).toEqual(['admin', 'member'])
})

test('people are found by name or address, page by page, and a wildcard in the search is plain text', async () => {
  for (const name of ['Zoë 100%', 'Zoë Two']) await signedIn({ name })
  expect((await listPeople({ search: '%' })).data.map(({ name }) => name)).toEqual(['Zoë 100%'])
  expect((await listPeople({ search: member.person.email.toUpperCase() })).data.map(({ name }) => name)).toEqual([
    'Mo Member',
  ])
  const first = await listPeople({ limit: 3 })
  const second = await listPeople({ limit: 3, after: first.after })
  expect([first, second].map(({ data, has_more }) => [data.length, has_more])).toEqual([
    [3, true],
    [1, false],
  ])
  expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(4)
})

test('a sign-in, a request or the use of a token counts as activity, even without a turn', async () => {
  const [visitor, script, nobody] = [await signedIn(), await signedIn(), await signedIn()]
  const lastActive = async ({ person }: typeof visitor) =>
    (await listPeople({ search: person.email })).data[0]?.lastActiveAt ?? null
  expect(await lastActive(visitor)).toBeNull()
  const countActive = () =>
    countActivePeople({ since: new Date(Date.now() - 3_600_000), until: new Date(Date.now() + 1000) })
  const activeBefore = await countActive()
  await findCaller(new Headers(visitor.headers))
  expect((await lastActive(visitor))?.getTime()).toBeGreaterThan(Date.now() - 60_000)
  expect(await countActive()).toBe(activeBefore + 1)
  const token = await personalToken(script.caller)
  await findBearerCaller(token, 'http://127.0.0.1:3999/mcp')
  expect(await lastActive(script)).not.toBeNull()
  // A cookie of a session that was ended is not the person's own request.
  await findCaller(new Headers({ cookie: await sessionCookieOf(nobody.person.id, 7) }))
  expect(await lastActive(nobody)).toBeNull()
})

test('a visit is recorded at most once in five minutes', async () => {
  const visitor = await signedIn()
  const noted = async () =>
    (await withSystem('admin', (tx) => tx.user.findUnique({ where: { id: visitor.person.id } })))?.lastActiveAt
  await findCaller(new Headers(visitor.headers))
  const first = await noted()
  await findCaller(new Headers(visitor.headers))
  expect(await noted()).toEqual(first)
  const earlier = new Date(Date.now() - 301_000)
  await withSystem('admin', async (tx) => {
    await tx.user.update({ where: { id: visitor.person.id }, data: { lastActiveAt: earlier } })
    await tx.session.updateMany({ where: { ownerId: visitor.person.id }, data: { lastUsedAt: earlier } })
  })
  await findCaller(new Headers(visitor.headers))
  expect((await noted())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? 0)
})
