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

/** An admin page's stream after its first ping. `hint` resolves with the next chunk. */
async function follow() {
  const admin = await signedIn({ role: 'admin' })
  const response = await ask(admin.headers)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  onTestFinished(() => reader.cancel())
  await reader.read()
  return { admin, hint: async () => new TextDecoder().decode((await reader.read()).value) }
}

test('a tool call notifies an admin page without revealing anything about the call', async () => {
  const { hint } = await follow()
  const first = hint()
  const ann = await signedIn()
  await agentDoor(ann).begin('/add_task title="a secret"')
  expect(await first).toBe('data: {"type":"changed"}\n\n')
})

test('the stream ends for a person who is no longer an admin', async () => {
  const { admin, hint } = await follow()
  const other = await signedIn({ role: 'admin' })
  await setRole(other.caller, admin.caller.userId, 'member')
  await notify('switchboard_changes', [''])
  expect(await hint(), 'the stream ends').toBe('')
})

test('an admin page hears other replicas; if the server cannot listen, hints come at intervals', async () => {
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

/** Ends the listening connection, so that the next watcher listens with the current settings. */
async function listenAnew(): Promise<void> {
  await closeNotify()
  processStates().delete('changes')
}

test('a member gets a 404 and a visitor a 401', async () => {
  const member = await signedIn()
  const bare = async (response: Response) => ({ status: response.status, ...(await response.json()), request_id: '' })
  const missing = await nothing(new Request('http://127.0.0.1:3999/api/nothing'))
  expect(await bare(await ask(member.headers))).toEqual(await bare(missing))
  expect((await ask({})).status).toBe(401)
})

test('the number of watchers per process is limited, and one that leaves makes room', async () => {
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
