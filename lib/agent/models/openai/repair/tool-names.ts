const USABLE = /^[a-zA-Z0-9_-]{1,64}$/
/** What stands in for a name that no server would take back. */
const STAND_IN = 'unknown_tool'
const LONGEST = 300

// What models write around the name of a tool: the namespace that their training knows it by, a channel of gpt-oss, Kimi's number of the
// call, brackets and quotation marks.
const DECORATIONS = [
  /^(?:(?:assistant|commentary|analysis)[\s.:]+|to=|(?:functions?|tools?|tool_call|call|default_api|namespace)(?:::?|[./]|\s+)|print\()/i,
  /^<\|[^|]*\|>/,
  /^<(?:tool_call>|(?:function|tool|invoke)(?:=|>| name=))/i,
  // gpt-oss writes whom it speaks to after the channel.
  /^assistant<\|channel\|>/i,
  /<[\s\S]*$/,
  /\((?:\)[\s\S]*)?$/,
  /[:/#]\d+$/,
  /\s+(?:json|commentary|analysis)$/i,
  /^[\s\u200b-\u200f\u2060"'`“”[{*|/@#$.:]+|[\s\u200b-\u200f\u2060"'`“”[\]{},;>*|.:=]+$/g,
]

/** True if every server takes the name back in a later request. */
export function isUsableName(name: unknown): name is string {
  return typeof name === 'string' && USABLE.test(name)
}

/**
 * The listed tool that a model means: the one that it names, or the only one that is left when known decorations are taken away. A name
 * that merely looks like a listed one is not taken for it. Undefined if there is none.
 */
export function findListedName(name: string, listed: ReadonlySet<string>): string | undefined {
  if (listed.has(name)) return name
  if (name.length > LONGEST) return undefined
  const seen = new Set([name])
  // A set is walked to its end though it grows meanwhile.
  for (const known of seen) for (const decoration of DECORATIONS) seen.add(known.replace(decoration, ''))
  const found = [...seen].filter((candidate) => listed.has(candidate))
  return found.length === 1 ? found[0] : undefined
}

/** A name that stands for one that no server takes back, and that no listed tool has. */
export function toStandInName(listed: ReadonlySet<string> = new Set()): string {
  let name = STAND_IN
  while (listed.has(name)) name += '_'
  return name
}
