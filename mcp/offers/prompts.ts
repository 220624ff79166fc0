import {
  type GetPromptResult,
  type PromptMessage,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import type { Scope } from '#lib/auth/tokens/scopes.ts'
import { findNoteByTitle, suggestNotes } from '#lib/data/notebook/notes.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { toNoteUri } from '#mcp/offers/resources.ts'
import { toSourcesMeta } from '#mcp/sources-meta.ts'

const ARGUMENT_MAX_CHARS = 1_000

type Argument = {
  name: string
  description: string
  required: boolean
  /** Suggestions that a client may show while the person types. */
  suggest?: (caller: Caller, typed: string) => Promise<string[]>
}

type Prompt = {
  name: string
  title: string
  description: string
  scope: Scope | null
  arguments: Argument[]
  messages: (args: Record<string, string>, caller: Caller) => Promise<PromptMessage[] | OfNote>
}

/** Messages that hold a note, and where that note's content comes from. */
type OfNote = { messages: PromptMessage[]; sources: string[] }

const DAYS = ['today', 'tomorrow', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

const PROMPTS: readonly Prompt[] = [
  {
    name: 'plan_my_day',
    title: 'Plan my day',
    description: 'Puts what is due and overdue into an order for the day.',
    scope: null,
    arguments: [
      {
        name: 'day',
        description: 'Which day: today (the default), tomorrow, or a date.',
        required: false,
        suggest: suggestDays,
      },
    ],
    messages: async ({ day = 'today' }) => [
      say(
        `Plan this day with me: ${day}. Call whoami for the current date and time, then list_tasks for what is open. ` +
          'Take what is overdue and what is due on that day, propose an order with times, and say what can wait. Change no task before I agree.',
      ),
    ],
  },
  {
    name: 'find_in_notes',
    title: 'Find in notes',
    description: 'Answers a question from the notes and names the ones that it comes from.',
    scope: null,
    arguments: [{ name: 'question', description: 'What you want to know.', required: true }],
    messages: async ({ question }) => [
      say(
        `Answer this from my notes: ${question}\n\nCall search_notes with the words that matter, and once more with other words when nothing fits; ` +
          'read what you find with get_note. Name the notes that the answer comes from. If they do not say it, tell me so.',
      ),
    ],
  },
  {
    name: 'summarise_note',
    title: 'Summarise a note',
    description: 'Shortens one note to what matters.',
    scope: 'notes:read',
    arguments: [{ name: 'note', description: 'The title of the note.', required: true, suggest: suggestTitles }],
    messages: async ({ note: title = '' }, caller) => {
      const note = await findNoteByTitle(caller, title)
      if (!note) throw invalid(`No note has the title "${title.slice(0, 100)}".`)
      const resource = { uri: toNoteUri(note.id), mimeType: 'text/markdown', text: note.body }
      const ask = say('Summarise this note in a few sentences. Keep names, numbers and dates.')
      return {
        messages: [{ role: 'user', content: { type: 'resource', resource } }, ask],
        sources: note.sources,
      }
    },
  },
]

/** The response to prompts/list. */
export const PROMPT_LISTING = {
  prompts: PROMPTS.map(({ name, title, description, arguments: all }) => ({
    name,
    title,
    description,
    arguments: all.map(({ suggest, ...argument }) => argument),
  })),
}

/** The scope that a token needs for this prompt. */
export function findPromptScope(name: string): Scope | null | undefined {
  return PROMPTS.find((prompt) => prompt.name === name)?.scope
}

/**
 * Returns a prompt with its arguments filled in. Throws ProtocolError if the prompt is unknown, or
 * an argument is missing or too long.
 */
export async function getPrompt(
  caller: Caller,
  { name, arguments: given = {} }: { name: string; arguments?: Record<string, string> },
): Promise<GetPromptResult> {
  const prompt = findPrompt(name)
  const args: Record<string, string> = {}
  for (const argument of prompt.arguments) {
    const value = given[argument.name]?.replaceAll('\0', '').trim()
    if (value) args[argument.name] = value
    else if (argument.required) throw invalid(`${name} needs the argument "${argument.name}": ${argument.description}`)
    if (value && value.length > ARGUMENT_MAX_CHARS)
      throw invalid(`"${argument.name}" is longer than ${ARGUMENT_MAX_CHARS} characters.`)
  }
  const made = await prompt.messages(args, caller)
  const { messages, sources } = Array.isArray(made) ? { messages: made, sources: [] } : made
  return { description: prompt.description, messages, ...toSourcesMeta(caller, sources) }
}

/**
 * Suggests values for an argument of a prompt, from what was typed so far. Throws ProtocolError for
 * an unknown prompt.
 */
export async function suggestArgument(
  caller: Caller,
  name: string,
  argument: string,
  typed: string,
): Promise<string[]> {
  const known = findPrompt(name).arguments.find((one) => one.name === argument)
  return (await known?.suggest?.(caller, typed)) ?? []
}

function findPrompt(name: string): Prompt {
  const prompt = PROMPTS.find((one) => one.name === name)
  if (!prompt) throw invalid(`Unknown prompt: ${name.slice(0, 100)}. Call prompts/list.`)
  return prompt
}

async function suggestDays(_caller: Caller, typed: string): Promise<string[]> {
  return DAYS.filter((day) => day.toLowerCase().startsWith(typed.trim().toLowerCase()))
}

async function suggestTitles(caller: Caller, typed: string): Promise<string[]> {
  const notes = await suggestNotes(caller, typed)
  return [...new Set(notes.map((note) => note.title))]
}

function say(text: string): PromptMessage {
  return { role: 'user', content: { type: 'text', text } }
}

function invalid(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message)
}
