import { findItem } from '#lib/agent/approvals/close-approvals.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import { toSettledTask } from '#lib/agent/stream/tool-tasks.ts'
import { unsealTask } from '#lib/agent/tasks/run-tasks.ts'
import type { WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { settleToolCall } from '#lib/data/runs/settle-tool-call.ts'
import { endServerTask, type ServerTask } from '#lib/data/runs/tasks/server-tasks.ts'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'

/** How a call ends whose result is not used: for the ledger, the chat and the model. */
export type TaskEnding = { class: FailureClass; status: 'cancelled' | 'unknown' | 'failed'; sentence: string }

/**
 * Ends the call of a task without its result: in the ledger, in its line of the chat, and for the
 * model. No model is asked.
 */
export async function closeTask(task: ServerTask, ending: TaskEnding): Promise<void> {
  const { ownerId, threadId, toolCallId, createdAt } = task
  const caller = { userId: ownerId }
  const { status, class: failureClass, sentence } = ending
  await settleToolCall({ id: toolCallId, ownerId }, { status, failureClass, errorMessage: sentence })
  const opened = await unsealTask(task)
  const store = createPrismaStore(caller)
  const kept = opened && (await findItem(store, threadId, opened.call.keptId))
  if (kept?.type === 'hidden_context_item') {
    const content = { ...(kept.content as KeptToolCall), output: `The call did not end. ${sentence} (${failureClass})` }
    await store.saveItem(threadId, { ...kept, content })
    const workflow =
      content.workflow_id === undefined ? undefined : await findItem(store, threadId, content.workflow_id)
    const failure = { class: failureClass, sentence: `${sentence} (${failureClass})` }
    const durationMs = Date.now() - createdAt.getTime()
    if (workflow?.type === 'workflow') await store.saveItem(threadId, withEnd(workflow, task, { durationMs, failure }))
  }
  await endServerTask(caller, toolCallId)
}

function withEnd(
  item: WorkflowItem,
  { callId }: ServerTask,
  outcome: Parameters<typeof toSettledTask>[1],
): WorkflowItem {
  const tasks = item.workflow.tasks.map((task) => {
    if (task.type !== 'custom' || task.tool_call?.call_id !== callId) return task
    const { goes_on: _, ...link } = task.tool_call
    const named = { callId, name: task.title ?? '', arguments: '', title: withoutProgress(task.title) }
    const ended = toSettledTask({ ...named, runId: link.run_id }, outcome)
    return { ...ended, content: [toArguments(task.content), ended.content].filter(Boolean).join('\n\n') }
  })
  return { ...item, workflow: { ...item.workflow, tasks } }
}

/** The title of a line without how far its call was. */
export function withoutProgress(title: string | undefined): string {
  return title?.replace(/ \([\d.,% of]+\)$/, '') ?? ''
}

/** The arguments that a line shows: inline code in its first paragraph. */
export function toArguments(content: string | undefined): string {
  const [first = ''] = content?.split('\n\n') ?? []
  return first.startsWith('`') ? first : ''
}
