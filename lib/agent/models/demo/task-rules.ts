import type { About } from '#lib/agent/models/demo/about.ts'
import { escapeMarkdown, listTasks, sayTask, type Task } from '#lib/agent/models/demo/phrases.ts'
import type { Rule } from '#lib/agent/models/demo/rule.ts'
import { sayDue, takeDate, toLocalDay } from '#lib/agent/models/demo/take-date.ts'
import type { Plan } from '#lib/agent/models/direct/plan.ts'
import type { Answer, DirectTurn } from '#lib/agent/models/direct/read-turn.ts'

const NUMBERS = /^(?:(?:tasks?|numbers?|no\.?|items?|reminders?)\s*)?#?\d+(?:(?:\s*,\s*|\s+)(?:and\s+|&\s*)?#?\d+)*$/i
const IT = /^(?:it|that|this|that one|this one|the (?:last|same) (?:one|task)|them)$/i
const LISTS = '(?:tasks?|to-?dos?|to-?do list|reminders?|list)'

/** Questions about the list, and the list itself. */
export const listRules: Rule[] = [
  [
    new RegExp(`^(?:show|list|display|give)(?: me)?(?: all)?(?: of)?(?: my| the)?(?: open| current)? ${LISTS}$`, 'i'),
    (_, about) => list({ status: 'open' }, 'open', about),
  ],
  [
    /^(?:what(?:'s| is| are)? (?:still |all )?(?:open|left|to do|pending|on my (?:list|plate))|what do i (?:still )?have to do|what should i do|(?:my |open )?(?:tasks|to-?dos?|to-?do list|reminders)|what(?:'s| is) (?:on )?my (?:to-?do )?(?:list|tasks)|what are my (?:open )?(?:tasks|to-?dos|reminders)|do i have (?:any )?(?:open )?(?:tasks|to-?dos))$/i,
    (_, about) => list({ status: 'open' }, 'open', about),
  ],
  [
    /^(?:(?:show|list)(?: me)?(?: my| the| all)? ?(?:done|finished|completed|closed)(?: tasks)?|what(?:'s| is| have i| did i| i've)? (?:already )?(?:done|finished|completed|do|finish|complete|get done)(?: (?:so far|already|today|lately))?|(?:done|completed|finished) tasks)$/i,
    (_, about) => list({ status: 'done' }, 'done', about),
  ],
  [
    /^(?:(?:what(?:'s| is)?|show|list)(?: me)?(?: my| the)?(?: tasks)? )?overdue(?: tasks)?$/i,
    (_, about) => list({ status: 'open', due_to: toLocalDay(about, -1) }, 'overdue', about),
  ],
  [
    /^(?:what(?:'s| is| are| do i have| have i got| tasks are)?|show|list|anything|tasks|my tasks)(?: me)?(?: my)?(?: tasks)?(?: that are| i have)?(?: open)?(?: to do)? (?:(?:due|for|on|by|until|planned) )*(?<when>today|tomorrow|this week|next week|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)$/i,
    ({ when = '' }, about) =>
      list({ status: 'open', ...range(when.toLowerCase(), about) }, `due ${when.toLowerCase()}`, about),
  ],
  [
    new RegExp(
      `^(?:show|list|find|search)(?: me)?(?: my| the| for)? ${LISTS} (?:about|with|for|like|named|called|containing) (?<text>.+)$`,
      'i',
    ),
    ({ text = '' }, about) => list({ status: 'all', text }, `about "${text}"`, about),
  ],
]

/** Requests that change the list. */
export const taskRules: Rule[] = [
  [
    /^(?:i(?:'m| am| have|'ve)? )?(?:done|finished|completed?|finish|check(?:ed)? off|tick(?:ed)? off|close)(?::| with)?(?: task)? (?<which>.+?)(?: is)?(?: as)?(?: done| finished| off)?$/i,
    ({ which = '' }, about, turn) => complete(which, about, turn),
  ],
  [
    /^(?:mark|check|tick|set|put)(?: task)? (?<which>.+?) (?:as |to )?(?:done|finished|completed?|off)$/i,
    ({ which = '' }, about, turn) => complete(which, about, turn),
  ],
  [
    /^(?:task )?(?<which>#?\d+|it|that) (?:is|are) (?:done|finished|completed?)$/i,
    ({ which = '' }, about, turn) => complete(which, about, turn),
  ],
  [
    /^(?:(?:re-?open|undo|uncheck|untick)(?: task)?|task) (?<which>#?\d+|it|that)(?: is not done| again)?$/i,
    ({ which = '' }, about, turn) =>
      withTask(which, about, turn, (number) => change({ number, done: false }, about, 'Opened again')),
  ],
  [
    /^(?:#|task #?)?(?<which>\d+) is(?: not|n't) done(?: yet)?$/i,
    ({ which = '' }, about) => change({ number: Number(which), done: false }, about, 'Opened again'),
  ],
  [
    /^(?<verb>move|reschedule|postpone|shift|delay|change|set|push)(?: (?:the )?(?:due date|date) of)?(?: task| reminder)? (?<which>#?\d+|it|that|.+?) (?:to|until|till|for|by|on) (?<when>.+)$/i,
    ({ verb = '', which = '', when = '' }, about, turn) =>
      reschedule(which, when, about, turn, /change|set/i.test(verb)),
  ],
  [
    /^(?:task )?(?<which>#?\d+|it|that) is due (?<when>.+)$/i,
    ({ which = '', when = '' }, about, turn) => reschedule(which, when, about, turn),
  ],
  [
    /^(?:rename|retitle|change|call)(?: the title of)?(?: task)? (?<which>#?\d+|it|that) (?:to|into|as) (?<title>.+)$/i,
    ({ which = '', title = '' }, about, turn) =>
      withTask(which, about, turn, (number) => change({ number, title }, about, 'Renamed')),
  ],
  [
    /^(?:delete|remove|drop|erase|cancel|forget)(?: the)?(?: task| reminder)? (?<which>#?\d+|it|that|(?!note).+)$/i,
    ({ which = '' }, about, turn) => remove(which, about, turn),
  ],
  [
    /^(?:remind me|don't let me forget|do not let me forget|i (?:need|have|ought) to remember|remember)(?: (?<before>(?:on|at|by|tomorrow|today|tonight|next|in) ?.*?))?(?: to| that i (?:must|have to|need to)| about|:) (?<what>[\s\S]+)$/i,
    ({ before = '', what = '' }, about) => add(`${what}${before ? ` ${before}` : ''}`, about),
  ],
  [/^remind me(?: of)? (?<what>[\s\S]+)$/i, ({ what = '' }, about) => add(what, about)],
  [
    /^(?:add|create|make|new|put|enter|set up)(?: me)?(?: an?| another| the| this)?(?: new)? (?:task|to-?do|reminder|item)(?: for me)?(?: to|:| -|,| called| named| that says)? (?<what>[\s\S]+)$/i,
    ({ what = '' }, about) => add(what, about),
  ],
  [
    /^(?:add|put|write) (?<what>[\s\S]+?) (?:to|on|onto|into) (?:my |the )?(?:to-?do )?(?:list|tasks|to-?dos?|task list)$/i,
    ({ what = '' }, about) => add(what, about),
  ],
  [/^(?:task|to-?do|reminder)\s*[:-] ?(?<what>[\s\S]+)$/i, ({ what = '' }, about) => add(what, about)],
  [/^add:? (?<what>[\s\S]+)$/i, ({ what = '' }, about) => add(what, about)],
  [
    /^(?:i (?:still )?(?:need|have|must|should|ought)(?: to)?|i've got to|i gotta|we (?:need|have) to) (?<what>[\s\S]+)$/i,
    ({ what = '' }, about) => add(what, about),
  ],
]

function tasksOf(answer: Answer | undefined): Task[] {
  const { tasks } = (answer?.value ?? {}) as { tasks?: Task[] }
  return tasks ?? []
}

function list(args: Record<string, unknown>, what: string, about: About): Plan {
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

function range(when: string, about: About): { due_from?: string; due_to: string } {
  const today = toLocalDay(about)
  if (when === 'today') return { due_to: today }
  if (when === 'tomorrow') return { due_from: toLocalDay(about, 1), due_to: toLocalDay(about, 1) }
  const weekday = (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7
  if (when === 'this week') return { due_to: toLocalDay(about, 6 - weekday) }
  if (when === 'next week') return { due_from: toLocalDay(about, 7 - weekday), due_to: toLocalDay(about, 13 - weekday) }
  const day = takeDate(when, about).due?.slice(0, 10) ?? today
  return { due_from: day, due_to: day }
}

function add(what: string, about: About): Plan {
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

function change(
  args: { number: number; title?: string; due?: string | null; done?: boolean },
  about: About,
  verb: string,
): Plan {
  return { calls: [{ tool: 'update_task', args }], next: ([answer]) => changed(verb, answer, about) }
}

function complete(which: string, about: About, turn: DirectTurn): Plan {
  if (NUMBERS.test(which)) {
    const numbers = [...new Set((which.match(/\d+/g) ?? []).map(Number))].slice(0, 20)
    return {
      calls: numbers.map((number) => ({ tool: 'complete_task', args: { number } })),
      next: (answers) => ({ say: answers.map((answer) => sayCompleted(answer)).join('\n') }),
    }
  }
  return withTask(which, about, turn, (number) => complete(String(number), about, turn))
}

function sayCompleted(answer: Answer): string {
  const task = answer.value as Task | undefined
  if (answer.failed) return `That did not work: ${answer.text}`
  return task?.title ? `Done: ~~${escapeMarkdown(task.title)}~~ (${task.number}).` : 'Done.'
}

function reschedule(which: string, when: string, about: About, turn: DirectTurn, orTitle = false): Plan | undefined {
  const never = /^(?:never|no date|someday|nothing)$/i.test(when)
  const { due, rest } = takeDate(when, about)
  if (!never && (!due || rest)) {
    // "change 2 to buy oat milk" is a new title.
    if (orTitle) return undefined
    return {
      say: `I did not understand the date "${escapeMarkdown(when)}". Write it like \`Friday\`, \`tomorrow at 3pm\` or \`2026-12-01\`.`,
    }
  }
  return withTask(which, about, turn, (number) => change({ number, due: never ? null : due }, about, 'Moved'))
}

function remove(which: string, about: About, turn: DirectTurn): Plan {
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
  return withTask(which, about, turn, (found) => ({
    say: `That would be task ${found}. Say \`delete task ${found}\` to delete it for ever.`,
  }))
}

/**
 * Continues with the one task that is meant: by number, by "it", or by words of its title. Asks if
 * that is not clear.
 */
function withTask(which: string, about: About, turn: DirectTurn, goOn: (number: number) => Plan): Plan {
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
