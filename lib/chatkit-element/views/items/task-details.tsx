/** @jsxImportSource preact */
import type { Task } from '#lib/chatkit/protocol/items.ts'
import { Markdown } from '#lib/chatkit-element/views/items/markdown.tsx'
import { SourceLink } from '#lib/chatkit-element/views/items/sources.tsx'

/** What a step is called; a thought without a title has no name. */
export function taskTitle(task: Task): string | undefined {
  return task.title ?? (task.type === 'web_search' ? (task.title_query ?? task.queries?.[0]) : undefined)
}

/** Whether there is more to see than its name. */
export function hasDetails(task: Task): boolean {
  switch (task.type) {
    case 'custom':
    case 'thought':
      return Boolean(task.content)
    case 'web_search':
      return task.queries?.length > 0 || task.sources?.length > 0
    case 'file':
      return task.sources?.length > 0
    default:
      return false
  }
}

/** The content of a step: its text, what was searched for, what was found. */
export function TaskDetails({ task }: { task: Task }) {
  if (!hasDetails(task)) return null
  if (task.type === 'custom' || task.type === 'thought')
    return (
      <div class="task-details">
        <Markdown text={task.content ?? ''} />
      </div>
    )
  return (
    <div class="task-details">
      {task.type === 'web_search' && task.queries.length > 0 && (
        <p dir="auto">{task.queries.map((query) => `“${query}”`).join(' · ')}</p>
      )}
      {'sources' in task && (
        <ul class="task-sources">
          {task.sources.map((source, at) => (
            <li key={at}>
              <SourceLink source={source} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
