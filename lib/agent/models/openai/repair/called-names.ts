const USABLE = /^[a-zA-Z0-9_-]{1,64}$/
/** Replaces a name that no server would accept back. */
const STAND_IN = 'unknown_tool'
const LONGEST = 300

// What models write around the name of a tool: the namespace from their training, a channel of
// gpt-oss, Kimi's number of the call, brackets and quotation marks.
const DECORATIONS = [
  /^(?:(?:assistant|commentary|analysis)[\s.:]+|to=|(?:functions?|tools?|tool_call|call|default_api|namespace)(?:::?|[./]|\s+)|print\()/i,
  /^<\|[^|]*\|>/,
  /^<(?:tool_call>|(?:function|tool|invoke)(?:=|>| name=))/i,
  // gpt-oss writes the recipient after the channel.
  /^assistant<\|channel\|>/i,
  /<[\s\S]*$/,
  /\((?:\)[\s\S]*)?$/,
  /[:/#]\d+$/,
  /\s+(?:json|commentary|analysis)$/i,
  /^[\s\u200b-\u200f\u2060"'`“”[{*|/@#$.:]+|[\s\u200b-\u200f\u2060"'`“”[\]{},;>*|.:=]+$/g,
]

/** True if every server accepts the name in a later request. */
export function isUsableName(name: unknown): name is string {
  return typeof name === 'string' && USABLE.test(name)
}

/**
 * The listed tool that a model means: the one with this name, or the only one found by removing
 * known decorations. A name that is merely similar does not count. Undefined if there is none.
 */
export function findListedName(name: string, listed: ReadonlySet<string>): string | undefined {
  if (listed.has(name)) return name
  if (name.length > LONGEST) return undefined
  const seen = new Set([name])
  // Iterating a Set also visits the entries that are added meanwhile.
  for (const known of seen) for (const decoration of DECORATIONS) seen.add(known.replace(decoration, ''))
  const found = [...seen].filter((candidate) => listed.has(candidate))
  return found.length === 1 ? found[0] : undefined
}

/** A name to use instead of one that no server accepts back. No listed tool has it. */
export function toStandInName(listed: ReadonlySet<string> = new Set()): string {
  let name = STAND_IN
  while (listed.has(name)) name += '_'
  return name
}
