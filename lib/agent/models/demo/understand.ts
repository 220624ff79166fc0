import type { About } from '#lib/agent/models/demo/about.ts'
import { noteOf, noteRules, questionRules } from '#lib/agent/models/demo/note-rules.ts'
import { HELP, NOT_UNDERSTOOD } from '#lib/agent/models/demo/phrases.ts'
import type { Rule } from '#lib/agent/models/demo/rule.ts'
import { takeDate } from '#lib/agent/models/demo/take-date.ts'
import { listRules, taskRules } from '#lib/agent/models/demo/task-rules.ts'
import type { Plan } from '#lib/agent/models/direct/plan.ts'
import type { DirectTurn } from '#lib/agent/models/direct/read-turn.ts'

const POLITE =
  /^(?:(?:hey|hi|hello|ok|okay|so|and|now|well)[,!]?\s+(?=\S+\s)|please[,]?\s+|(?:can|could|would|will) you (?:please )?|i(?:'d| would) like (?:you )?to |i want (?:you )?to |let's )/i

const smallTalk: Rule[] = [
  [
    /^\/?(?:help|\?+|what can you do|what do you do|how do(?:es)? (?:this|it|you) work|commands|start)$/i,
    () => ({ say: HELP }),
  ],
  [
    /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|hallo|moin)(?: there)?$/i,
    (_, { person }) => ({
      say: `Hello ${person.name}! I am the **demo assistant**. What shall I note or remind you of? \`help\` shows what I understand.`,
    }),
  ],
  [/^(?:thanks?(?: you)?(?: very much| a lot)?|thx|great|perfect|cool|nice)$/i, () => ({ say: 'You are welcome.' })],
  [
    /^(?:who are you|what are you|are you (?:an? )?(?:ai|bot|human|gpt).*|which model are you|what model (?:is this|are you))$/i,
    () => ({ say: HELP }),
  ],
  [
    /^(?:who am i|whoami|what(?:'s| is) my (?:name|e-?mail|time ?zone|role)|what do you know about me)$/i,
    () => ({ calls: [{ tool: 'whoami', args: {} }], next: ([answer]) => ({ say: sayPerson(answer?.value) }) }),
  ],
  [
    /^(?:what(?:'s| is) (?:the )?(?:time|date)(?: is it)?(?: now)?|what (?:time|day|date) is it(?: now| today)?|what(?:'s| is) today)$/i,
    (_, { timeZone, now }) => ({
      say: `It is ${new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'short' }).format(now)} (${timeZone}).`,
    }),
  ],
]

function sayPerson(value: unknown): string {
  const { name, email, role, time_zone } = (value ?? {}) as Record<string, string>
  return `You are **${name}** (${email}), ${role === 'admin' ? 'an admin' : 'a member'} here. Your time zone is ${time_zone}.`
}

const LONG = 500
const TOO_LONG = 'That is too much for the **demo assistant**. I can keep it, though: write `note:` before it.'

const RULES: Rule[] = [...smallTalk, ...listRules, ...noteRules, ...taskRules, ...questionRules]

/** The plan for a plain message. */
export function understand(turn: DirectTurn, about: About): Plan {
  // The rules are written for sentences. Some of them, and the date parser, take quadratic time.
  if (turn.text.length > LONG) return noteOf(turn.text) ?? { say: TOO_LONG }
  const text = bare(turn.text)
  for (const [pattern, plan] of RULES) {
    const match = pattern.exec(text)
    const meant = match && plan({ ...match.groups }, about, turn)
    if (meant) return meant
  }
  if (takeDate(text, about).due)
    return {
      say: `Shall I remind you of that? Say \`remind me to ${text.replaceAll('`', "'")}\`. \`help\` shows what else I understand.`,
    }
  return { say: NOT_UNDERSTOOD }
}

/** The message without polite words. */
function bare(text: string): string {
  let rest = text
    .trim()
    .replace(/[\s.!?]+$/, '')
    .replace(/[,]?\s+(?:please|thanks|thank you)$/i, '')
    .replace(/[’]/g, "'")
  for (let shorter = rest.replace(POLITE, ''); shorter !== rest; shorter = rest.replace(POLITE, '')) rest = shorter
  return rest || text.trim()
}
