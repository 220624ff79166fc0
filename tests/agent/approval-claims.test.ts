import pg from 'pg'
import { beforeEach, expect, test } from 'vitest'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { agentDoor, buttons, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'

// An approval and the claim of its run are one step. If a process dies in between, no run is left
// waiting for ever.

type Ann = Awaited<ReturnType<typeof signedIn>>
let ann: Ann
beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

const tasks = () => withCaller(ann.caller, (tx) => tx.task.count())
const waiting = () => withCaller(ann.caller, (tx) => tx.run.count({ where: { status: 'waiting' } }))
const parked = () => withCaller(ann.caller, (tx) => tx.parkedRun.count())

/** The demo assistant asks for an approval to delete the only task. */
async function asked(): Promise<{ thread: string; card: WidgetItem }> {
  const agent = agentDoor(ann)
  const thread = threadOf(await agent.begin('add a task: buy milk'))
  const [card] = widgets((await agent.say(thread, 'delete task 1')).events)
  if (!card) throw new Error('nothing was asked')
  expect([await tasks(), await waiting()]).toEqual([1, 1])
  return { thread, card }
}

/** The card as a reload shows it. */
async function reloaded(thread: string, { id }: WidgetItem): Promise<WidgetItem> {
  return (await agentDoor(ann).read(thread)).find((item) => item.id === id) as WidgetItem
}

/** Calls `work` while the database refuses to delete parked run states. */
async function refusingToClaim(work: () => Promise<unknown>): Promise<void> {
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query(`CREATE FUNCTION no_claim() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$`)
    await owner.query(
      'CREATE TRIGGER no_claim BEFORE DELETE ON paused_runs FOR EACH STATEMENT EXECUTE FUNCTION no_claim()',
    )
    await work()
  } finally {
    await owner.query('DROP TRIGGER no_claim ON paused_runs')
    await owner.query('DROP FUNCTION no_claim')
    await owner.end()
  }
}

test('an approval is rolled back if its run cannot be claimed: the card stays pending, and the next press works', async () => {
  const { thread, card } = await asked()
  await refusingToClaim(async () => {
    const { events } = await agentDoor(ann).press(thread, card, 'Approve')
    expect(events.at(-1)?.type).toBe('error')
  })
  expect([await tasks(), await waiting()]).toEqual([1, 1])
  const again = await reloaded(thread, card)
  expect(buttons(again)).toContain('Approve')
  await agentDoor(ann).press(thread, again, 'Approve')
  expect([await tasks(), await waiting(), await parked()]).toEqual([0, 0, 0])
})

test('a card has no buttons once its run no longer waits, even before the call is made', async () => {
  const { thread, card } = await asked()
  // The process dies when it begins to work on the answer. The stored card keeps its buttons.
  await withSystem('recovery', (tx) => tx.approval.updateMany({ data: { status: 'approved', decidedAt: new Date() } }))
  await withSystem('recovery', (tx) => tx.run.updateMany({ where: { status: 'waiting' }, data: { status: 'done' } }))
  const shown = await reloaded(thread, card)
  expect(buttons(shown)).toEqual([])
  expect(JSON.stringify(shown)).toContain('the server stopped before making it')
  // The stored card is unchanged; only the reading of it hides the buttons.
  const stored = await createPrismaStore(ann.caller).loadItem(thread, card.id)
  expect(buttons(stored as WidgetItem)).toContain('Approve')
})

test('a waiting run without a pending approval is ended, and its card says that nothing was called', async () => {
  const { thread, card } = await asked()
  await withSystem('recovery', (tx) => tx.approval.updateMany({ data: { status: 'approved', decidedAt: new Date() } }))
  await recoverRuns()
  expect([await waiting(), await parked(), await tasks()]).toEqual([0, 0, 1])
  const [run] = await withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'desc' } }))
  expect(run).toMatchObject({ status: 'interrupted', errorMessage: expect.stringMatching(/Nothing was called/) })
  const shown = await reloaded(thread, card)
  expect([buttons(shown), JSON.stringify(shown).includes('the server stopped before making it')]).toEqual([[], true])
  // A press in a tab that has not been updated has no effect.
  await agentDoor(ann).press(thread, card, 'Approve')
  expect(await tasks()).toBe(1)
})

test('a run with a pending approval keeps waiting, and the card of an approved call says so', async () => {
  const { thread, card } = await asked()
  await recoverRuns()
  expect(await waiting()).toBe(1)
  await agentDoor(ann).press(thread, card, 'Approve')
  expect(await tasks()).toBe(0)
  expect(JSON.stringify(await reloaded(thread, card))).toContain('You approved this call.')
})
