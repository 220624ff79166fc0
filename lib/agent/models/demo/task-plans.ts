import type { About } from '#lib/agent/models/demo/about.ts'
import { escapeMarkdown, listTasks, sayTask, type Task } from '#lib/agent/models/demo/phrases.ts'
import { sayDue, takeDate, toLocalDay } from '#lib/agent/models/demo/take-date.ts'
import type { Plan } from '#lib/agent/models/direct/plan.ts'
import type { Answer, DirectTurn } from '#lib/agent/models/direct/read-turn.ts'

const NUMBERS = /^(?:(?:tasks?|numbers?|no\.?|items?|reminders?)\s*)?#?\d+(?:(?:\s*,\s*|\s+)(?:and\s+|&\s*)?#?\d+)*$/i
const IT = /^(?:it|that|this|that one|this one|the (?:last|same) (?:one|task)|them)$/i

function tasksOf(answer: Answer | undefined): Task[] {
  const { tasks } = (answer?.value ?? {}) as { tasks?: Task[] }
  return tasks ?? []
}

/** Lists tasks and says what was found. */
export function planList(args: Record<string, unknown>, what: string, about: About): Plan {
  return {
    calls: [{ tool: 'list_tasks', args }],
    next: ([answer]) => {
      const tasks = tasksOf(answer)
      const more = (answer?.value as { next_cursor?: string } | undefined)?.next_cursor
        ? '\n\nThere are more than these.'
        : ''
      if (tasks.length === 0)
        return {
          say:
            what === 'open'
              ? 'Nothing is open. Enjoy!'
              : `I found no task that is ${what}.`.replace('that is about', 'about'),
        }
      const head = tasks.length === 1 ? `One task is ${what}` : `${tasks.length} tasks are ${what}`
      // The widget next to the answer already lists them, with boxes to tick.
      return { say: answer?.isShown ? `${head}.${more}` : `${head}:\n\n${listTasks(tasks, about)}${more}` }
    },
  }
}

/** The days that words such as "this week" mean. */
export function toDueRange(when: string, about: About): { due_from?: string; due_to: string } {
  const today = toLocalDay(about)
  if (when === 'today') return { due_to: today }
  if (when === 'tomorrow') return { due_from: toLocalDay(about, 1), due_to: toLocalDay(about, 1) }
  const weekday = (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7
  if (when === 'this week') return { due_to: toLocalDay(about, 6 - weekday) }
  if (when === 'next week') return { due_from: toLocalDay(about, 7 - weekday), due_to: toLocalDay(about, 13 - weekday) }
  const day = takeDate(when, about).due?.slice(0, 10) ?? today
  return { due_from: day, due_to: day }
}

/** Adds a task, with the date that its words name. */
export function planAdd(what: string, about: About): Plan {
  const { rest, due } = takeDate(what.replace(/^["“](.*)["”]$/s, '$1').trim(), about)
  const title = rest
    .replace(/^to(?:\s+|$)/i, '')
    .replace(/^["“](.*)["”]$/s, '$1')
    .replace(/\s+/g, ' ')
    .replace(/[\s,;:.]+$/, '')
  if (!title) return { say: 'What shall I remind you of? For example: `remind me to call Ann on Friday`.' }
  return {
    calls: [{ tool: 'add_task', args: { title: title.charAt(0).toUpperCase() + title.slice(1), ...(due && { due }) } }],
    next: ([answer]) => changed('Added', answer, about),
  }
}

function changed(verb: string, answer: Answer | undefined, about: About): Plan {
  const task = answer?.value as Task | undefined
  if (!task?.title) return { say: `${verb}.` }
  return {
    say: `${verb}: **${task.number}** ${escapeMarkdown(task.title)}${task.due ? `, due ${sayDue(task.due, about)}` : ''}.`,
  }
}

/** Changes a task. */
export function planChange(
  args: { number: number; title?: string; due?: string | null; done?: boolean },
  about: About,
  verb: string,
): Plan {
  return { calls: [{ tool: 'update_task', args }], next: ([answer]) => changed(verb, answer, about) }
}

/** Marks tasks as done: by their numbers, or the one that is meant. */
export function planCompletion(which: string, about: About, turn: DirectTurn): Plan {
  if (NUMBERS.test(which)) {
    const numbers = [...new Set((which.match(/\d+/g) ?? []).map(Number))].slice(0, 20)
    return {
      calls: numbers.map((number) => ({ tool: 'complete_task', args: { number } })),
      next: (answers) => ({ say: answers.map((answer) => sayCompleted(answer)).join('\n') }),
    }
  }
  return planForTask(which, about, turn, (number) => planCompletion(String(number), about, turn))
}

function sayCompleted(answer: Answer): string {
  const task = answer.value as Task | undefined
  if (answer.failed) return `That did not work: ${answer.text}`
  return task?.title ? `Done: ~~${escapeMarkdown(task.title)}~~ (${task.number}).` : 'Done.'
}

/** Moves a task to the date that `when` names. Undefined if it is no date and may be a title. */
export function planReschedule(
  which: string,
  when: string,
  about: About,
  turn: DirectTurn,
  orTitle = false,
): Plan | undefined {
  const never = /^(?:never|no date|someday|nothing)$/i.test(when)
  const { due, rest } = takeDate(when, about)
  if (!never && (!due || rest)) {
    // "change 2 to buy oat milk" is a new title.
    if (orTitle) return undefined
    return {
      say: `I did not understand the date "${escapeMarkdown(when)}". Write it like \`Friday\`, \`tomorrow at 3pm\` or \`2026-12-01\`.`,
    }
  }
  return planForTask(which, about, turn, (number) => planChange({ number, due: never ? null : due }, about, 'Moved'))
}

/** Deletes a task by its number, or asks for it. */
export function planRemoval(which: string, about: About, turn: DirectTurn): Plan {
  const [number] = /^#?(\d+)$/.exec(which) ?? []
  if (number) {
    return {
      calls: [{ tool: 'delete_task', args: { number: Number(which.replace('#', '')) } }],
      next: ([answer]) => {
        const { deleted } = (answer?.value ?? {}) as { deleted?: Task }
        return { say: deleted ? `Deleted: ${escapeMarkdown(deleted.title)} (${deleted.number}).` : 'Deleted.' }
      },
    }
  }
  // Deleting cannot be undone, so it is not done on a guess.
  return planForTask(which, about, turn, (found) => ({
    say: `That would be task ${found}. Say \`delete task ${found}\` to delete it for ever.`,
  }))
}

/**
 * Continues with the one task that is meant: by number, by "it", or by words of its title. Asks if
 * that is not clear.
 */
export function planForTask(which: string, about: About, turn: DirectTurn, goOn: (number: number) => Plan): Plan {
  const number = /^(?:task )?#?(\d+)$/i.exec(which.trim())?.[1]
  if (number) return goOn(Number(number))
  if (IT.test(which.trim())) {
    const last = lastMentioned(turn)
    return last === undefined ? whichOne({ status: 'open' }, 'I am not sure which task you mean.', about) : goOn(last)
  }
  const text = which
    .replace(/^(?:the|my|a)\s+/i, '')
    .replace(/\s+(?:task|reminder)$/i, '')
    .replace(/^["“](.*)["”]$/, '$1')
  return {
    calls: [{ tool: 'list_tasks', args: { status: 'open', text } }],
    next: ([answer]) => {
      const found = tasksOf(answer)
      const [only] = found
      if (!only)
        return { say: `I found no open task about "${escapeMarkdown(text)}". \`what is open?\` shows them all.` }
      if (found.length === 1) return goOn(only.number)
      return { say: `Which one do you mean? Say its number.\n\n${listTasks(found.slice(0, 10), about)}` }
    },
  }
}

function whichOne(args: Record<string, unknown>, lead: string, about: About): Plan {
  return {
    calls: [{ tool: 'list_tasks', args }],
    next: ([answer]) => {
      const tasks = tasksOf(answer)
      if (tasks.length === 0) return { say: `${lead} Nothing is open.` }
      return {
        say: `${lead} Say its number, for example \`done with ${tasks[0]?.number}\`.\n\n${tasks.map((task) => `- ${sayTask(task, about)}`).join('\n')}`,
      }
    },
  }
}

/** The number of the task that the last answer was about, if it was about one. */
function lastMentioned({ earlier }: DirectTurn): number | undefined {
  const value = earlier.findLast((answer) => !answer.failed && answer.value)?.value as
    | { number?: number; tasks?: Task[] }
    | undefined
  if (typeof value?.number === 'number') return value.number
  return value?.tasks?.length === 1 ? value.tasks[0]?.number : undefined
}
