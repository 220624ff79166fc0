import type { SwitchedOff } from '#lib/data/chat/switched-off-tools.ts'

const NAMES_MAX = 50

/** What the model is told of servers and tools that the person switched off, in lines. */
export function describeOff(off: readonly SwitchedOff[]): string[] {
  const servers = off.filter(({ tool }) => tool === undefined).map(({ server }) => server)
  const tools = off
    .filter(({ server, tool }) => tool !== undefined && !servers.includes(server))
    .map(({ server, tool }) => `${tool} of ${server}`)
  return [...toLine('all tools of', servers), ...toLine('the tools', tools)]
}

function toLine(what: string, names: string[]): string[] {
  if (names.length === 0) return []
  const more = names.length > NAMES_MAX ? `, and ${names.length - NAMES_MAX} more` : ''
  return [
    `The person switched off ${what} ${names.slice(0, NAMES_MAX).join(', ')}${more} for this conversation, and can switch them on again.`,
  ]
}
