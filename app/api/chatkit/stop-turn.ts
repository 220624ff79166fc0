import { stopTasks } from '#lib/agent/tasks/stop-tasks.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { stopRun } from '#lib/runs/stop-run.ts'

/** Ends what runs in the person's thread. False if nothing did. */
export async function stopTurn(caller: Caller, threadId: string): Promise<boolean> {
  const isStopped = await stopRun(caller, threadId)
  return (await stopTasks(caller, threadId)) || isStopped
}
