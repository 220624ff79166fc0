import type { Rule } from '#lib/agent/models/demo/rule.ts'
import { toLocalDay } from '#lib/agent/models/demo/take-date.ts'
import {
  planAdd,
  planChange,
  planCompletion,
  planForTask,
  planList,
  planRemoval,
  planReschedule,
  toDueRange,
} from '#lib/agent/models/demo/task-plans.ts'

const LISTS = '(?:tasks?|to-?dos?|to-?do list|reminders?|list)'

/** Questions about the list, and the list itself. */
export const listRules: Rule[] = [
  [
    new RegExp(`^(?:show|list|display|give)(?: me)?(?: all)?(?: of)?(?: my| the)?(?: open| current)? ${LISTS}$`, 'i'),
    (_, about) => planList({ status: 'open' }, 'open', about),
  ],
  [
    /^(?:what(?:'s| is| are)? (?:still |all )?(?:open|left|to do|pending|on my (?:list|plate))|what do i (?:still )?have to do|what should i do|(?:my |open )?(?:tasks|to-?dos?|to-?do list|reminders)|what(?:'s| is) (?:on )?my (?:to-?do )?(?:list|tasks)|what are my (?:open )?(?:tasks|to-?dos|reminders)|do i have (?:any )?(?:open )?(?:tasks|to-?dos))$/i,
    (_, about) => planList({ status: 'open' }, 'open', about),
  ],
  [
    /^(?:(?:show|list)(?: me)?(?: my| the| all)? ?(?:done|finished|completed|closed)(?: tasks)?|what(?:'s| is| have i| did i| i've)? (?:already )?(?:done|finished|completed|do|finish|complete|get done)(?: (?:so far|already|today|lately))?|(?:done|completed|finished) tasks)$/i,
    (_, about) => planList({ status: 'done' }, 'done', about),
  ],
  [
    /^(?:(?:what(?:'s| is)?|show|list)(?: me)?(?: my| the)?(?: tasks)? )?overdue(?: tasks)?$/i,
    (_, about) => planList({ status: 'open', due_to: toLocalDay(about, -1) }, 'overdue', about),
  ],
  [
    /^(?:what(?:'s| is| are| do i have| have i got| tasks are)?|show|list|anything|tasks|my tasks)(?: me)?(?: my)?(?: tasks)?(?: that are| i have)?(?: open)?(?: to do)? (?:(?:due|for|on|by|until|planned) )*(?<when>today|tomorrow|this week|next week|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)$/i,
    ({ when = '' }, about) =>
      planList({ status: 'open', ...toDueRange(when.toLowerCase(), about) }, `due ${when.toLowerCase()}`, about),
  ],
  [
    new RegExp(
      `^(?:show|list|find|search)(?: me)?(?: my| the| for)? ${LISTS} (?:about|with|for|like|named|called|containing) (?<text>.+)$`,
      'i',
    ),
    ({ text = '' }, about) => planList({ status: 'all', text }, `about "${text}"`, about),
  ],
]

/** Requests that change the list. */
export const taskRules: Rule[] = [
  [
    /^(?:i(?:'m| am| have|'ve)? )?(?:done|finished|completed?|finish|check(?:ed)? off|tick(?:ed)? off|close)(?::| with)?(?: task)? (?<which>.+?)(?: is)?(?: as)?(?: done| finished| off)?$/i,
    ({ which = '' }, about, turn) => planCompletion(which, about, turn),
  ],
  [
    /^(?:mark|check|tick|set|put)(?: task)? (?<which>.+?) (?:as |to )?(?:done|finished|completed?|off)$/i,
    ({ which = '' }, about, turn) => planCompletion(which, about, turn),
  ],
  [
    /^(?:task )?(?<which>#?\d+|it|that) (?:is|are) (?:done|finished|completed?)$/i,
    ({ which = '' }, about, turn) => planCompletion(which, about, turn),
  ],
  [
    /^(?:(?:re-?open|undo|uncheck|untick)(?: task)?|task) (?<which>#?\d+|it|that)(?: is not done| again)?$/i,
    ({ which = '' }, about, turn) =>
      planForTask(which, about, turn, (number) => planChange({ number, done: false }, about, 'Opened again')),
  ],
  [
    /^(?:#|task #?)?(?<which>\d+) is(?: not|n't) done(?: yet)?$/i,
    ({ which = '' }, about) => planChange({ number: Number(which), done: false }, about, 'Opened again'),
  ],
  [
    /^(?<verb>move|reschedule|postpone|shift|delay|change|set|push)(?: (?:the )?(?:due date|date) of)?(?: task| reminder)? (?<which>#?\d+|it|that|.+?) (?:to|until|till|for|by|on) (?<when>.+)$/i,
    ({ verb = '', which = '', when = '' }, about, turn) =>
      planReschedule(which, when, about, turn, /change|set/i.test(verb)),
  ],
  [
    /^(?:task )?(?<which>#?\d+|it|that) is due (?<when>.+)$/i,
    ({ which = '', when = '' }, about, turn) => planReschedule(which, when, about, turn),
  ],
  [
    /^(?:rename|retitle|change|call)(?: the title of)?(?: task)? (?<which>#?\d+|it|that) (?:to|into|as) (?<title>.+)$/i,
    ({ which = '', title = '' }, about, turn) =>
      planForTask(which, about, turn, (number) => planChange({ number, title }, about, 'Renamed')),
  ],
  [
    /^(?:delete|remove|drop|erase|cancel|forget)(?: the)?(?: task| reminder)? (?<which>#?\d+|it|that|(?!note).+)$/i,
    ({ which = '' }, about, turn) => planRemoval(which, about, turn),
  ],
  [
    /^(?:remind me|don't let me forget|do not let me forget|i (?:need|have|ought) to remember|remember)(?: (?<before>(?:on|at|by|tomorrow|today|tonight|next|in) ?.*?))?(?: to| that i (?:must|have to|need to)| about|:) (?<what>[\s\S]+)$/i,
    ({ before = '', what = '' }, about) => planAdd(`${what}${before ? ` ${before}` : ''}`, about),
  ],
  [/^remind me(?: of)? (?<what>[\s\S]+)$/i, ({ what = '' }, about) => planAdd(what, about)],
  [
    /^(?:add|create|make|new|put|enter|set up)(?: me)?(?: an?| another| the| this)?(?: new)? (?:task|to-?do|reminder|item)(?: for me)?(?: to|:| -|,| called| named| that says)? (?<what>[\s\S]+)$/i,
    ({ what = '' }, about) => planAdd(what, about),
  ],
  [
    /^(?:add|put|write) (?<what>[\s\S]+?) (?:to|on|onto|into) (?:my |the )?(?:to-?do )?(?:list|tasks|to-?dos?|task list)$/i,
    ({ what = '' }, about) => planAdd(what, about),
  ],
  [/^(?:task|to-?do|reminder)\s*[:-] ?(?<what>[\s\S]+)$/i, ({ what = '' }, about) => planAdd(what, about)],
  [/^add:? (?<what>[\s\S]+)$/i, ({ what = '' }, about) => planAdd(what, about)],
  [
    /^(?:i (?:still )?(?:need|have|must|should|ought)(?: to)?|i've got to|i gotta|we (?:need|have) to) (?<what>[\s\S]+)$/i,
    ({ what = '' }, about) => planAdd(what, about),
  ],
]
