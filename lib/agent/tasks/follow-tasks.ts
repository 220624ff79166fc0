import { beginDueLooks, type TakeUp } from '#lib/agent/tasks/look-at-tasks.ts'
import { hasOpenTasks } from '#lib/data/runs/tasks/lease-due-tasks.ts'
import { TASKS_CHANNEL } from '#lib/data/runs/tasks/server-tasks.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { log } from '#lib/platform/log.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) this process looks for tasks that are due, while tasks go on anywhere and while none do. */
const LOOK_MS = { some: 500, none: 5_000 }

type Following = { timer?: NodeJS.Timeout; stopHearing?: () => void; isLooking?: boolean; isDue?: boolean }

const following = processState('server tasks', (): Following => ({}))

/**
 * Starts to look after the tasks that calls have become, of all people and together with the other
 * processes: asks their servers for them, and has `takeUp` take up what they come to. Call it once
 * when the server starts.
 */
export function followTasks(takeUp: TakeUp): void {
  if (following().stopHearing) return
  const again = () => void lookNow(takeUp)
  following().stopHearing = listen(TASKS_CHANNEL, { heard: again, missed: again })
  again()
}

async function lookNow(takeUp: TakeUp): Promise<void> {
  const state = following()
  if (isShuttingDown()) return
  state.isDue = true
  if (state.isLooking) return
  state.isLooking = true
  clearTimeout(state.timer)
  let some = false
  while (state.isDue) {
    state.isDue = false
    some = await lookOnce(takeUp)
  }
  state.isLooking = false
  state.timer = setTimeout(() => void lookNow(takeUp), some ? LOOK_MS.some : LOOK_MS.none).unref()
}

/** True if tasks go on. */
async function lookOnce(takeUp: TakeUp): Promise<boolean> {
  try {
    const { count, ended } = await beginDueLooks(takeUp)
    // A look that has ended may leave room for others that are due.
    if (count > 0) void ended.then(() => lookNow(takeUp))
    return await hasOpenTasks()
  } catch (error) {
    log.warn({ error }, 'looking for tasks of servers failed')
    return false
  }
}
