import { escapeMarkdown, listNotes, NOT_UNDERSTOOD, type NoteHit } from '#lib/agent/models/demo/phrases.ts'
import type { Rule } from '#lib/agent/models/demo/rule.ts'
import type { Plan } from '#lib/agent/models/direct/plan.ts'

/** Writing and finding notes. */
export const noteRules: Rule[] = [
  [
    /^(?:(?:show|list|display)(?: me)?(?: all)?(?: of)?(?: my| the)? notes|my notes|notes|what(?:'s| is| are| have i got)? (?:in )?(?:my )?notes?|what did i (?:note|write down))$/i,
    () => search(undefined),
  ],
  [
    /^(?:delete|remove|erase|forget)(?: the| my)? note(?: about| on| for| called| named|:)? (?<query>.+)$/i,
    ({ query = '' }) =>
      search(query, ([hit, another]) => ({
        say: hit && !another ? askDelete(hit) : `Which note do you mean? I found several.`,
      })),
  ],
  [
    /^(?:notes?|memo)\s*[:-] ?(?<body>[\s\S]+)$|^(?:(?:take|make|add|create|save|write)(?: me)?(?: down)?(?: an?| this| the)?(?: new)? (?:note|memo)|write down|note down|note that|remember that|jot down|save)(?: that| saying| of)?\s*[:,-]? (?<text>[\s\S]+)$/i,
    ({ body, text }) => save(body ?? text ?? ''),
  ],
  [/^remember\s*[:,] ?(?<body>[\s\S]+)$/i, ({ body = '' }) => save(body)],
  [
    /^(?:find|search|look up|look for|show me|show|read)(?: me)?(?: (?:in )?(?:my |the )?notes?)?(?: for| about| on| with| called| named)?(?: the| my)? (?<query>.+)$/i,
    ({ query = '' }) => search(query.replace(/^notes? (?:about|on|for|with) /i, '')),
  ],
  [
    /^what did i (?:note|write|write down|save|say)(?: about| on| for)? (?<query>.+)$/i,
    ({ query = '' }) => search(query),
  ],
]

/** Questions that a note may answer, if no other rule matches. */
export const questionRules: Rule[] = [
  [
    /^(?:what(?:'s| is| was| were| are)|where(?:'s| is| are| did i put)|when(?:'s| is| was)|which is|do you know|tell me|how (?:much|long|many|old|tall) is)(?: the| my| our)? (?<query>.+)$/i,
    ({ query = '' }) => search(query, undefined, NOT_UNDERSTOOD),
  ],
]

/** Saves a text that begins with "note:" as a note, however long it is. */
export function noteOf(text: string): Plan | undefined {
  const lead = /^\s*(?:note|memo)\s*[:-]/i.exec(text.slice(0, 100))?.[0]
  return lead === undefined ? undefined : save(text.slice(lead.length))
}

function save(text: string): Plan {
  const body = text.trim().replace(/^["“]([\s\S]*)["”]$/, '$1')
  if (!body) return { say: 'What shall I write down? For example: `note: the door code is 4711`.' }
  return {
    calls: [{ tool: 'save_note', args: { body } }],
    next: ([answer]) => {
      const { title } = (answer?.value ?? {}) as { title?: string }
      return { say: title ? `Noted: **${escapeMarkdown(title)}**. Ask for it with \`find …\`.` : 'Noted.' }
    },
  }
}

function search(words: string | undefined, goOn?: (hits: NoteHit[]) => Plan, lead?: string): Plan {
  const query = words?.replace(/["“”]/g, '').trim()
  return {
    calls: [{ tool: 'search_notes', args: query ? { query } : {} }],
    next: ([answer]) => {
      const { notes = [] } = (answer?.value ?? {}) as { notes?: NoteHit[] }
      const [first, second] = notes
      if (!first) {
        if (!query) return { say: 'You have no notes yet. Write one with `note: …`.' }
        const none = `I found no note about "${escapeMarkdown(query)}".`
        return { say: lead ? `${none}\n\n${lead.replace('I did not understand that. ', '')}` : none }
      }
      if (goOn) return goOn(notes)
      if (second || !query)
        return { say: `${notes.length === 1 ? 'One note' : `${notes.length} notes`}:\n\n${listNotes(notes)}` }
      return read(first)
    },
  }
}

function read({ id, title }: NoteHit): Plan {
  return {
    calls: [{ tool: 'get_note', args: { id } }],
    next: ([answer]) => {
      const { body = '' } = (answer?.value ?? {}) as { body?: string }
      const quoted = body
        .trim()
        .split('\n')
        .map((line) => `> ${escapeMarkdown(line)}`)
        .join('\n')
      return {
        say: body.trim() === title ? `Your note says:\n\n${quoted}` : `**${escapeMarkdown(title)}**\n\n${quoted}`,
      }
    },
  }
}

function askDelete({ id, title }: NoteHit): string {
  return `I found **${escapeMarkdown(title)}**. To delete it for ever, say \`/delete_note id=${id}\`.`
}
