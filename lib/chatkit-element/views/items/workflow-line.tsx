import { useId, useState } from 'preact/hooks'
import type { Task, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { toDuration } from '#lib/chatkit-element/language/time.ts'
import { goesOn } from '#lib/chatkit-element/state/goes-on.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { BackgroundStop } from '#lib/chatkit-element/views/items/background-stop.tsx'
import { CallDetails } from '#lib/chatkit-element/views/items/call-details.tsx'
import { hasDetails, TaskDetails, toTaskTitle } from '#lib/chatkit-element/views/items/task-details.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * What the assistant did: one line that shows progress while it works, and expands to its steps.
 */
export function WorkflowLine({ item, isOpen }: { item: WorkflowItem; isOpen: boolean }) {
  const { strings, locale, callsUrl } = useUi()
  const { workflow } = item
  const [unfolded, setUnfolded] = useState<boolean | null>(null)
  const listId = useId()
  const isWorking = isOpen || workflow.tasks.some((task) => task.status_indicator === 'loading')
  const failed = !isWorking && workflow.tasks.some(hasFailed)
  const shown = unfolded ?? (workflow.expanded || failed)
  const isCall = (task: Task) => task.type === 'custom' && callsUrl !== null && task.tool_call !== undefined
  const canUnfold = workflow.tasks.length > 1 || workflow.tasks.some((task) => hasDetails(task) || isCall(task))
  const { title, detail } = lineText(workflow, isWorking, strings, locale)
  const line = (
    <>
      <StatusIcon workflow={workflow} isWorking={isWorking} />
      <span class={`workflow-title ${isWorking ? 'shimmer' : ''}`} dir="auto">
        {title}
      </span>
      {detail && <span class="workflow-detail">{detail}</span>}
      {canUnfold && <Icon name="chevron-down" size={15} class="chevron" />}
    </>
  )
  return (
    <div part="steps" class={`workflow ${failed ? 'is-failed' : ''}`}>
      {canUnfold ? (
        <button
          type="button"
          class="workflow-line"
          aria-expanded={shown}
          aria-controls={listId}
          onClick={() => setUnfolded(!shown)}
        >
          {line}
        </button>
      ) : (
        <div class="workflow-line">{line}</div>
      )}
      {goesOn(item) && <BackgroundStop />}
      {canUnfold && shown && (
        <ol id={listId} class="tasks">
          {listTasks(workflow, strings).map((task, at) => (
            <li key={at}>
              <TaskLine task={task} inWorkflow />
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

/** The steps of a workflow. Those of a summary are named in the person's language. */
function listTasks({ tasks, subject }: WorkflowItem['workflow'], strings: Strings): Task[] {
  if (subject !== 'earlier_messages') return tasks
  return tasks.map((task) => ({ ...task, title: task.type === 'thought' ? strings.summary : strings.toolCalls }))
}

function lineText(
  workflow: WorkflowItem['workflow'],
  isWorking: boolean,
  strings: Strings,
  locale: string,
): { title: string; detail: string } {
  const { tasks, summary, type, subject } = workflow
  const titles = [
    ...new Set(tasks.flatMap((task) => (task.type === 'thought' ? [] : (toTaskTitle(task, strings) ?? [])))),
  ]
  if (isWorking) {
    const current = tasks.findLast((task) => task.status_indicator === 'loading') ?? tasks.at(-1)
    const fallback = type === 'reasoning' ? strings.thinking : strings.working
    return { title: (current && toTaskTitle(current, strings)) || fallback, detail: '' }
  }
  if (subject === 'earlier_messages') return { title: strings.earlierMessages, detail: '' }
  if (summary && 'title' in summary) return { title: summary.title, detail: '' }
  const took = summary && 'duration' in summary && summary.duration >= 1 ? toDuration(summary.duration, locale) : ''
  if (!titles.length)
    return {
      title:
        type === 'reasoning'
          ? took
            ? strings.thought(took)
            : strings.thoughtBriefly
          : took
            ? strings.worked(took)
            : strings.done,
      detail: '',
    }
  const listed = titles.slice(0, 3).join(', ')
  return { title: titles.length > 3 ? `${listed} +${titles.length - 3}` : listed, detail: took }
}

function StatusIcon({ workflow, isWorking }: { workflow: WorkflowItem['workflow']; isWorking: boolean }) {
  const { summary, tasks, type } = workflow
  if (isWorking) return <Icon name="loader-circle" class="spin" />
  if (tasks.some(hasFailed)) return <Icon name="circle-alert" class="is-bad" />
  if (summary && 'icon' in summary && summary.icon) return <Icon name={summary.icon} />
  if (type === 'reasoning') return <Icon name="brain" />
  const done = tasks.length > 0 && tasks.every((task) => task.status_indicator === 'complete')
  return <Icon name={done ? 'check' : 'wrench'} class={done ? 'is-done' : ''} />
}

/**
 * One step: its status, title and details. Outside a workflow its status has no meaning and is
 * hidden.
 */
export function TaskLine({ task, inWorkflow = false }: { task: Task; inWorkflow?: boolean }) {
  const { strings } = useUi()
  const status = inWorkflow ? task.status_indicator : 'none'
  const failed = hasFailed(task)
  const spoken = status === 'loading' ? strings.stepLoading : failed ? strings.stepFailed : strings.stepComplete
  return (
    <div class={`task ${failed ? 'is-failed' : ''}`}>
      <p class="task-title">
        {status === 'loading' ? (
          <Icon name="loader-circle" size={15} class="spin" />
        ) : (
          <Icon name={failed ? 'circle-alert' : status === 'complete' ? 'check' : (ownIcon(task) ?? 'dot')} size={15} />
        )}
        <span dir="auto">{toTaskTitle(task, strings) ?? strings.working.replace('…', '')}</span>
        {(status !== 'none' || failed) && <span class="sr-only">{spoken}</span>}
      </p>
      <TaskDetails task={task} />
      {task.type === 'custom' && <CallDetails task={task} />}
    </div>
  )
}

/** The protocol has no status for a failed step; these icons mark it. */
const BAD_ICONS = new Set(['lucide:circle-alert', 'lucide:circle-x', 'lucide:triangle-alert', 'lucide:octagon-x'])

function hasFailed(task: Task): boolean {
  return task.type === 'custom' && task.status_indicator !== 'loading' && BAD_ICONS.has(task.icon ?? '')
}

function ownIcon(task: Task): string | undefined {
  if (task.type === 'custom') return task.icon
  return { web_search: 'globe', thought: 'brain', file: 'document', image: 'square-image' }[task.type]
}
