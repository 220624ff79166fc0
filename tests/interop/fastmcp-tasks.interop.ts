import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTakeUp } from '#app/api/chatkit/take-up-tasks.ts'
import { handleAction } from '#lib/agent/handle-action.ts'
import { runTurn } from '#lib/agent/run-turn.ts'
import { lookAtDueTasks } from '#lib/agent/tasks/look-at-tasks.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { TASK_PATIENCE } from '#lib/mcp-client/tasks/reach-task.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { openInTime } from '#tests/support/browser/open-in-time.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type Program, startProgram } from '#tests/support/processes/program.ts'
import { withSettings } from '#tests/support/settings.ts'

// FastMCP with the tasks extension of 2026-07-28 (fastmcp-tasks), as its authors ship it.

let python: Program
beforeAll(async () => {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}/mcp`
  const program = 'tests/support/tool-servers/fastmcp_tasks_server.py'
  python = await startProgram(process.env.INTEROP_PYTHON ?? 'python3', [program, String(port)], { url })
  noteAnswer(url)
}, 90_000)
afterAll(() => python?.[Symbol.asyncDispose]())

test('a call that is answered with a task is parked, and its result is answered later', async () => {
  TASK_PATIENCE.begun = 500
  const { caller: ann } = await signedIn()
  await using model = await openAIServer(
    { calls: [{ name: 'dig', arguments: { place: 'garden' }, id: 'c1' }] },
    { text: 'Gold!' },
  )
  withSettings({
    ...{ OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k', THREAD_TITLES: 'first_words' },
    ...{ MCP_BUILTIN: 'off', MCP_SERVERS_FILE: '', MCP_SERVER_URL: python.url },
  })
  await (await openInTime(ann)).close()
  const { say, items } = await conversation(ann)
  const turn = await say('dig')
  expect(turn.error).toBeUndefined()
  expect(turn.waits).toBe(true)
  const takeUp = makeTakeUp({ respond: runTurn, act: handleAction })
  await expect
    .poll(
      async () => {
        await lookAtDueTasks(takeUp)
        return (await items()).some(({ type }) => type === 'assistant_message')
      },
      { timeout: 60_000, interval: 300 },
    )
    .toBe(true)
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('gold in the garden')
  expect((await listToolCalls({ caller: ann })).data).toMatchObject([{ tool: 'dig', status: 'succeeded' }])
})
