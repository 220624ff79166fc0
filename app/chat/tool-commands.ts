'use client'

import type { Command, CommandsOption } from '@openai/chatkit'
import { browserTranslate } from '#app/language/browser-translate.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

type Parameter = { name: string; required: boolean; type?: string; description?: string }
type Tool = { name: string; server: string; description: string; parameters: Parameter[] }

/** How long (ms) a list is cached: each keystroke asks for it. */
const FRESH_MS = 60_000

/**
 * Completions for direct calls: `/` lists the tools' names, and a name is followed by its
 * parameters, required ones first. A complete command suggests nothing more, so that Enter sends
 * it. `write` puts text into the composer.
 */
export function makeToolCommands(write: (text: string) => void): CommandsOption {
  let known: { tools: Promise<Tool[]>; at: number } | null = null
  const tools = () => {
    if (!known || Date.now() - known.at > FRESH_MS) known = { tools: readTools(), at: Date.now() }
    known.tools.catch(() => {
      known = null
    })
    return known.tools
  }
  return {
    enabled: true,
    onSearch: async (query) => [...listCompletions(await tools(), query), ...listOwnCommands(query)],
    // The id is the text to insert.
    onSelect: async ({ id }) => write(id),
  }
}

/** The commands of ours that begin with this text, besides the tools. */
function listOwnCommands(query: string): Command[] {
  const t = browserTranslate()
  const own = OWN.map(
    ({ description, ...command }): Command => ({
      ...command,
      group: t('This conversation'),
      description: t(description),
    }),
  )
  return own.filter(({ id }) => id.startsWith(`/${query.toLowerCase()}`) && id.trim() !== `/${query.toLowerCase()}`)
}

const OWN: (Pick<Command, 'id' | 'label' | 'icon'> & { description: Sentence })[] = [
  {
    ...{ id: '/remember ', label: '/remember', icon: 'book-closed' },
    description: 'Keeps the fact that you write after it for all conversations',
  },
  {
    ...{ id: '/compact', label: '/compact', icon: 'book-clock' },
    description: 'Summarises the earlier messages, so that there is room for more',
  },
]

async function readTools(): Promise<Tool[]> {
  const response = await fetch('/api/me/tools', { signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`The list of tools could not be loaded (${response.status}).`)
  return ((await response.json()) as { tools: Tool[] }).tools
}

/** The completions for the text after a `/`. */
export function listCompletions(tools: readonly Tool[], query: string): Command[] {
  const [name = '', ...rest] = query.split(/\s+/)
  if (rest.length === 0) return names(tools, name)
  const tool = tools.find((one) => one.name === name)
  return tool ? parameters(tool, query, rest) : []
}

function names(tools: readonly Tool[], typed: string): Command[] {
  const wanted = typed.toLowerCase()
  return tools
    .filter(
      (tool) => tool.name.toLowerCase().includes(wanted) && !(tool.name === typed && tool.parameters.length === 0),
    )
    .sort((a, b) => Number(b.name.startsWith(wanted)) - Number(a.name.startsWith(wanted)))
    .map((tool) => {
      const [first] = tool.parameters.filter(({ required }) => required)
      const next = first ? ` ${first.name}=` : tool.parameters.length > 0 ? ' ' : ''
      const takes = tool.parameters.map(({ name, required }) => (required ? `${name}=…` : `[${name}=…]`)).join(' ')
      return {
        id: `/${tool.name}${next}`,
        label: `/${tool.name}`,
        description: [takes, tool.description].filter(Boolean).join(' · '),
        icon: 'lucide:wrench',
        group: tool.server,
      }
    })
}

function parameters(tool: Tool, query: string, rest: string[]): Command[] {
  const t = browserTranslate()
  const typed = rest.at(-1) ?? ''
  if (typed.includes('=') || insideQuotes(query)) return []
  const given = new Set([...query.matchAll(/\s([\w.-]+)=/g)].map(([, key]) => key))
  const open = tool.parameters.filter(({ name }) => !given.has(name) && name.startsWith(typed))
  // Nothing is typed and nothing is required, so Enter should send.
  const offered = typed === '' ? open.filter(({ required }) => required) : open
  return offered
    .sort((a, b) => Number(b.required) - Number(a.required))
    .map(({ name, required, type, description }) => ({
      id: `/${query.slice(0, query.length - typed.length)}${name}=`,
      label: `${name}=`,
      description: [t(required ? 'needed' : 'optional'), type, description].filter(Boolean).join(' · '),
      group: `/${tool.name}`,
    }))
}

function insideQuotes(text: string): boolean {
  return (text.match(/"/g)?.length ?? 0) % 2 === 1
}
