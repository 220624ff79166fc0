import type { z } from 'zod'
import type { taskOutput } from '#mcp/fields/task-fields.ts'

// Tasks in a chat are ChatKit widgets in a result's `_meta`. Their check boxes call the tools
// again.

type TaskOutput = z.output<typeof taskOutput>

/**
 * One task as a row: a working check box and the due date. `key` names the task, so that a new row
 * replaces the old one.
 */
export function toTaskRow({ number, title, due, done }: TaskOutput): Record<string, unknown> {
  const call = done
    ? { tool: 'update_task', arguments: { number, done: false } }
    : { tool: 'complete_task', arguments: { number } }
  const onChangeAction = {
    ...{ type: 'tool.call', payload: { server: 'switchboard', ...call } },
    ...{ handler: 'server', loadingBehavior: 'self', streaming: true },
  }
  const box = {
    type: 'Checkbox',
    name: `task_${number}`,
    label: `${number} ${title}`,
    defaultChecked: done,
    onChangeAction,
  }
  return {
    type: 'ListViewItem',
    key: `task:${number}`,
    children: [box, ...(due ? [{ type: 'Caption', value: due.replace('T', ' ') }] : [])],
  }
}

/** A page of tasks as a list; undefined if the page is empty. */
export function toTaskList({ tasks }: { tasks: TaskOutput[] }): Record<string, unknown> | undefined {
  return tasks.length > 0 ? { type: 'ListView', key: 'tasks', limit: 10, children: tasks.map(toTaskRow) } : undefined
}
