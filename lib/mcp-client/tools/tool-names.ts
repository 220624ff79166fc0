const MAX_LENGTH = 64

/**
 * Under which name the model sees each tool: its own where that is free, with `_` for all but letters and digits; else with
 * the server's name before it. One map of tool name to public name for each server; the order of servers decides who keeps a name.
 */
export function toolNames(servers: { server: string; tools: { name: string }[] }[]): Map<string, string>[] {
  const taken = new Set<string>()
  return servers.map(({ server, tools }) => {
    const names = new Map<string, string>()
    for (const { name } of tools) {
      if (names.has(name)) continue
      const plain = toAllowedName(name)
      let free = taken.has(plain) ? toAllowedName(`${server}_${name}`) : plain
      for (let count = 2; taken.has(free); count += 1)
        free = `${toAllowedName(`${server}_${name}`).slice(0, MAX_LENGTH - 4)}_${count}`
      taken.add(free)
      names.set(name, free)
    }
    return names
  })
}

// The Agents SDK would change what it does not like itself, and we should not know a tool again under its new name.
function toAllowedName(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '_').slice(0, MAX_LENGTH) || 'tool'
}
