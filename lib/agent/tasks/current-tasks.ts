import { toGoingOnTask } from '#lib/agent/stream/tool-tasks.ts'
import { toArguments, withoutProgress } from '#lib/agent/tasks/close-task.ts'
import type { CustomTask, Task, ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { listOpenTasks, type ServerTask } from '#lib/data/runs/tasks/server-tasks.ts'

const LOST = 'Ended: its result did not come.'

/**
 * Wraps a store so that clients read the lines of calls that go on as tasks in their current state:
 * how far each is, and without a spinner if nobody waits for it any more.
 */
export function withCurrentTasks(store: Store, caller: { userId: string }): Store {
  return {
    ...store,
    listItems: async (threadId, query) => {
      const page = await store.listItems(threadId, query)
      if (!query.visible || !page.data.some(hasOpenTask)) return page
      const open = await listOpenTasks(caller, threadId, page.data.flatMap(listOpenCalls))
      return { ...page, data: page.data.map((item) => toCurrentItem(item, open)) }
    },
  }
}

/** True for an item with the line of a call that goes on as a task. */
export function hasOpenTask(item: ThreadItem): item is WorkflowItem {
  return item.type === 'workflow' && item.workflow.tasks.some(isOpenTask)
}

/** The ids of the calls that go on as tasks, by the lines of an item. */
export function listOpenCalls(item: ThreadItem): string[] {
  if (item.type !== 'workflow') return []
  return item.workflow.tasks.flatMap((task) => (isOpenTask(task) && task.tool_call ? task.tool_call.call_id : []))
}

function isOpenTask(task: Task): task is CustomTask {
  return task.type === 'custom' && task.tool_call?.goes_on === true
}

/** The item with its lines as the tasks stand. */
export function toCurrentItem(item: ThreadItem, open: ServerTask[]): ThreadItem {
  if (!hasOpenTask(item)) return item
  const tasks = item.workflow.tasks.map((task) => (isOpenTask(task) ? toCurrentTask(task, open) : task))
  return { ...item, workflow: { ...item.workflow, tasks } }
}

function toCurrentTask(task: CustomTask, open: ServerTask[]): CustomTask {
  const row = open.find(({ callId }) => callId === task.tool_call?.call_id)
  const shown = toArguments(task.content)
  if (row && row.said === null) return task
  if (row) {
    const call = {
      callId: row.callId,
      name: row.tool,
      arguments: '',
      title: withoutProgress(task.title),
      runId: row.runId,
    }
    const line = toGoingOnTask(call, row.said ?? '')
    const content = [shown, line.content].filter(Boolean).join('\n\n')
    return { ...line, ...(content && { content }) }
  }
  const { goes_on: _, ...link } = task.tool_call ?? { run_id: '', call_id: '' }
  return { ...task, status_indicator: 'none', content: [shown, LOST].filter(Boolean).join('\n\n'), tool_call: link }
}
