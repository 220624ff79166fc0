import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { followTasks } from '#lib/agent/tasks/follow-tasks.ts'

/** Starts to look after the tasks that calls have become. Call it once when the server starts. */
export function startTasks(): void {
  followTasks(makeTakeUp({ respond: runTurn, act: handleAction, builtinFetch }))
}
