import { setTimeout as sleep } from 'node:timers/promises'
import { listOpenTasks, stopServerTasks } from '#lib/data/runs/tasks/server-tasks.ts'

/** How long (ms) a stop waits for the servers, and how often (ms) it looks. */
const WAIT_MS = 5_000
const LOOK_MS = 100

/**
 * Stops the tasks of the caller's thread, which whichever process is first carries out, and waits at
 * most 5 s for their end. Resolves to false if none went on.
 */
export async function stopTasks(caller: { userId: string }, threadId: string): Promise<boolean> {
  if ((await stopServerTasks(caller, threadId)) === 0) return false
  for (let waited = 0; waited < WAIT_MS; waited += LOOK_MS) {
    await sleep(LOOK_MS)
    if ((await listOpenTasks(caller, threadId)).length === 0) break
  }
  return true
}
