const MAX_LENGTH = 64

/**
 * Assigns the names under which the model sees the tools. A tool keeps its own name if it is free,
 * with `_` for every character that is not a letter or digit; otherwise the server's name is put
 * before it. Returns one map from tool name to public name for each server. The order of servers
 * decides which one keeps a name.
 */
export function assignToolNames(servers: { server: string; tools: { name: string }[] }[]): Map<string, string>[] {
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

// The Agents SDK would change unsuitable names itself, and we could not recognize a tool by its new
// name.
function toAllowedName(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '_').slice(0, MAX_LENGTH) || 'tool'
}
