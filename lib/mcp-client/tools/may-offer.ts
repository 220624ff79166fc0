/**
 * True if a server's lists let a tool through: it is allowed (an empty list allows all) and not
 * denied. `*` matches anything.
 */
export function mayOffer(tool: string, { allow = [], deny = [] }: { allow?: string[]; deny?: string[] } = {}): boolean {
  return (
    (allow.length === 0 || allow.some((pattern) => matches(pattern, tool))) &&
    !deny.some((pattern) => matches(pattern, tool))
  )
}

function matches(pattern: string, tool: string): boolean {
  const [start = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === tool
  const end = rest.pop() ?? ''
  if (!tool.startsWith(start) || !tool.endsWith(end) || tool.length < start.length + end.length) return false
  let at = start.length
  for (const part of rest) {
    at = tool.indexOf(part, at)
    if (at < 0 || at + part.length > tool.length - end.length) return false
    at += part.length
  }
  return true
}
