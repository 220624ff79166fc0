import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** True for an item with a tool that goes on after its turn. */
export function goesOn(item: ThreadItem): boolean {
  return (
    item.type === 'workflow' &&
    item.workflow.tasks.some((task) => task.type === 'custom' && task.tool_call?.goes_on === true)
  )
}
