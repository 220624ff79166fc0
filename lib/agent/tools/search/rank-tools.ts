import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import { readFoundNames } from '#lib/agent/tools/search/found-tools.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

type Wishes = {
  /** True for a tool of our own server. */
  isBuiltin: (name: string) => boolean
  /** The tools that this turn must have: those of resumed calls, and those that ask for an account. */
  needed: ReadonlySet<string>
  /** The person's message. A tool that it names is wanted. */
  said: string
  /** Names of tools that were called or found lately in the thread, newest first. */
  lately: string[]
}

/**
 * The names of the tools that a model has to see, the most needed first: those that the turn needs,
 * those that the person names, our own, and those used lately in the thread.
 */
export function rankTools(names: string[], { isBuiltin, needed, said, lately }: Wishes): string[] {
  const known = new Set(names)
  const saidNames = new Set(said.toLowerCase().replaceAll('-', '_').match(/\w+/g))
  const wanted = [
    ...names.filter((name) => needed.has(name)),
    // A plain word may occur in any text, so only names with an underscore count.
    ...names.filter((name) => name.includes('_') && saidNames.has(name.toLowerCase())),
    ...names.filter(isBuiltin),
    ...lately.filter((name) => known.has(name)),
  ]
  return [...new Set(wanted)]
}

/** The tools that were called or found in these items, the newest first. `findTools` finds tools. */
export function listLately(items: ThreadItem[], findTools: string): string[] {
  const calls = items.flatMap((item) => {
    const content = item.type === 'hidden_context_item' ? (item.content as KeptToolCall | null) : null
    return content?.kind === 'tool_call' ? [content] : []
  })
  const called = calls.map(({ name }) => name).reverse()
  const found = calls.filter(({ name }) => name === findTools).reverse()
  return [...new Set([...called, ...found.flatMap(({ output }) => readFoundNames(output))])]
}
