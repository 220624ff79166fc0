import { expect, onTestFinished, test } from 'vitest'
import { GET as nothing } from '#app/api/[...path]/route.ts'
import { GET } from '#app/api/admin/changes/route.ts'
import { setRole } from '#lib/data/people/people.ts'
import { closeNotify, notify } from '#lib/platform/db/notify.ts'
import { watchChanges } from '#lib/platform/process/watch-changes.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { processStates } from '#tests/support/process-states.ts'
import { withSettings } from '#tests/support/settings.ts'

const ask = (headers: Record<string, string>) =>
  GET(new Request('http://127.0.0.1:3999/api/admin/changes', { headers }))

/** The stream of an admin's page; after its first ping; `hint` resolves with the next thing that it says. */
async function follow() {
  const admin = await signedIn({ role: 'admin' })
  const response = await ask(admin.headers)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  onTestFinished(() => reader.cancel())
  await reader.read()
  return { admin, hint: async () => new TextDecoder().decode((await reader.read()).value) }
}

test('a tool call anywhere lets the page of an admin know, and says nothing of it', async () => {
  const { hint } = await follow()
  const first = hint()
  const ann = await signedIn()
  await agentDoor(ann).begin('/add_task title="a secret"')
  expect(await first).toBe('data: {"type":"changed"}\n\n')
})

test('whoever is no admin any more hears nothing further', async () => {
  const { admin, hint } = await follow()
  const other = await signedIn({ role: 'admin' })
  await setRole(other.caller, admin.caller.userId, 'member')
  await notify('switchboard_changes', [''])
  expect(await hint(), 'the stream ends').toBe('')
})

test('what another replica says is heard, and where nothing can be heard hints come by themselves', async () => {
  const { hint } = await follow()
  const first = hint()
  await notify('switchboard_changes', [''])
  expect(await first).toContain('changed')
  withSettings({ DATABASE_LISTEN_URL: 'off' })
  await listenAnew()
  const blind = await follow()
  expect(await blind.hint()).toContain('changed')
  withSettings({ DATABASE_LISTEN_URL: undefined })
  await listenAnew()
  const hearing = await follow()
  const next = hearing.hint()
  await notify('switchboard_changes', [''])
  expect(await next).toContain('changed')
})

/** Ends the connection that hears, and lets the next watcher begin to listen as the settings are now. */
async function listenAnew(): Promise<void> {
  await closeNotify()
  processStates().delete('changes')
}

test('for members it does not exist, and visitors have to sign in', async () => {
  const member = await signedIn()
  const bare = async (response: Response) => ({ status: response.status, ...(await response.json()), request_id: '' })
  const missing = await nothing(new Request('http://127.0.0.1:3999/api/nothing'))
  expect(await bare(await ask(member.headers))).toEqual(await bare(missing))
  expect((await ask({})).status).toBe(401)
})

test('not more watch than a process can bear, and who leaves makes room', async () => {
  const left = new AbortController()
  const watchers = Array.from({ length: 50 }, () => watchChanges(left.signal))
  expect(() => watchChanges(left.signal)).toThrow('Too many')
  left.abort()
  await Promise.all(watchers.map((watcher) => watcher.next()))
  const again = new AbortController()
  const watcher = watchChanges(again.signal)
  again.abort()
  expect(await watcher.next()).toEqual({ done: true, value: true })
})
