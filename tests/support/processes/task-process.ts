// Looks after the tasks of servers in a process of its own, for tests that kill it.
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { followTasks } from '#lib/agent/tasks/follow-tasks.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { env } from '#lib/platform/env.ts'

noteAnswer(env().MCP_SERVER_URL ?? '')
followTasks(makeTakeUp({ respond: runTurn, act: handleAction }))
// The timers of the product do not keep a process alive.
setInterval(() => undefined, 1_000)
