import { expect, test, vi } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { EventLog } from '#lib/runs/event-log.ts'
import { LogWriter } from '#lib/runs/log-writer.ts'
import { keepEndedRun, type LiveRun, registry } from '#lib/runs/registry.ts'
import { withSettings } from '#tests/support/settings.ts'
import { refusingUrl } from '#tests/support/tool-servers/fault-server.ts'

const EVENT: ThreadStreamEvent = { type: 'notice', level: 'info', message: 'm' }

function liveRun(id: string, log = new EventLog()) {
  const interrupt = vi.fn<LiveRun['interrupt']>()
  const run: LiveRun = {
    id,
    ownerId: 'usr_1',
    threadId: 'thr_1',
    log,
    stop: () => {},
    interrupt,
    lose: () => {},
    ended: Promise.resolve(),
    active: false,
  }
  return { run, interrupt }
}

/** The database refuses connections until the end of the test. */
async function withoutDatabase(): Promise<void> {
  const { host } = new URL(await refusingUrl())
  withSettings({ DATABASE_URL: `postgresql://test_app:test@${host}/none` })
  await closeDb()
}

/** A writer and a run of it; `add` adds so many events at once. */
function writing() {
  const writer = new LogWriter()
  const { run, interrupt } = liveRun('run_backlog')
  let seq = 0
  const add = (count: number) => {
    for (let n = 0; n < count; n += 1) {
      seq += 1
      writer.add(run, { seq, event: EVENT })
    }
  }
  return { writer, interrupt, add }
}

test('a run with 100,000 unwritten events is interrupted with a sentence, and not before', async () => {
  await withoutDatabase()
  const { writer, interrupt, add } = writing()
  // The first 2,000 are being written, so these wait alone.
  add(2_000 + 99_999)
  expect(interrupt).not.toHaveBeenCalled()
  add(1)
  expect(interrupt).toHaveBeenCalledExactlyOnceWith('The database could not be reached for too long. Try again.')
  await writer.take('run_backlog')
})

test('events that come back from a failed write count too', async () => {
  await withoutDatabase()
  const { writer, interrupt, add } = writing()
  add(2_000 + 99_000)
  expect(interrupt).not.toHaveBeenCalled()
  const addOne = () => {
    add(1)
    return interrupt.mock.calls.length
  }
  // Fewer than the thousand events that are missing without those of the write.
  await expect.poll(addOne, { interval: 50 }).toBeGreaterThan(0)
  await writer.take('run_backlog')
})

test('the logs of ended runs are kept up to 64 MB together: the oldest go first, those of active runs never', () => {
  const before = new Map(registry().runs)
  registry().runs.clear()
  try {
    const sized = (bytes: number) => Object.defineProperty(new EventLog(), 'bytes', { value: bytes })
    const keep = (id: string, bytes: number, active = false) => {
      const run = { ...liveRun(id, sized(bytes)).run, active }
      registry().runs.set(id, run)
      if (!active) keepEndedRun(run)
    }
    keep('active', 60_000_000, true)
    keep('first', 30_000_000)
    keep('second', 30_000_000)
    expect([...registry().runs.keys()]).toEqual(['active', 'first', 'second'])
    keep('third', 30_000_000)
    expect([...registry().runs.keys()]).toEqual(['active', 'second', 'third'])
    keep('huge', 65_000_000)
    expect([...registry().runs.keys()]).toEqual(['active'])
  } finally {
    registry().runs.clear()
    for (const [id, run] of before) registry().runs.set(id, run)
  }
})
