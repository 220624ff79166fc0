// Servers say under one code that they refuse the input, and that something went wrong with a tool that has run. What refuses the
// input says so from its first word, and names nothing but the tool.
const PREFIX = /^\s*(?:mcp error -3260[12]:?\s*|invalid params:\s*)*/i
const INPUT = [
  /^(input validation\b|invalid (tool )?arguments\b|wrong arguments for\b|validating "?arguments\b)/i,
  /^(unknown|no such|unrecognized) tool\b/i,
  /^tool:? (("[^"]{1,200}"|'[^']{1,200}'|`[^`]{1,200}`|\S{1,200}) )?(is |was )?(not found|not known|does not exist|disabled)\b/i,
]
const OUTPUT = /\boutput (validation|schema)\b|outputSchema|structured ?(content|output)/i

/** True where a message under the code of wrong parameters refuses the input of a tool, so that the tool never ran. */
export function isInputRefusal(message: string): boolean {
  const start = message.slice(0, 1_000)
  const said = start.replace(PREFIX, '')
  return !OUTPUT.test(start) && INPUT.some((pattern) => pattern.test(said))
}
