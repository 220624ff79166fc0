import { type Fields, isFields } from '#lib/mcp-client/answers/read-result.ts'

/** Where a call's answer carries the task that it began, in a form that the SDK reads. */
export const TASK_META = 'switchboard/task'

/**
 * The answer to a call that began a task (MCP: tasks); undefined for any other answer. In 2025-11-25
 * the task is a field of the result, since 2026-07-28 it is the result.
 */
export function readTaskAnswer(result: Fields): Fields | undefined {
  const { resultType, task, content } = result
  const begun = resultType === 'task' ? result : isFields(task) && content === undefined ? task : undefined
  return begun && { content: [], _meta: { [TASK_META]: begun } }
}
