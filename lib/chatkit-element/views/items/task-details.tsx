import type { Task } from '#lib/chatkit/protocol/items.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { Markdown } from '#lib/chatkit-element/views/items/markdown.tsx'
import { SourceLink } from '#lib/chatkit-element/views/items/sources.tsx'

/** The title of a step; undefined for a thought without one. */
export function toTaskTitle(task: Task, strings: Strings): string | undefined {
  if (task.type === 'custom' && task.handover) {
    const { to, state } = task.handover
    return (
      { loading: strings.handingTo, done: strings.handedTo, refused: strings.notHandedTo }[state]?.(to) ?? task.title
    )
  }
  return task.title ?? (task.type === 'web_search' ? (task.title_query ?? task.queries?.[0]) : undefined)
}

/** True if the step has more to show than its title. */
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

/** The content of a step: its text, its search queries, its sources. */
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
