// Servers use one code both for refusing the input and for a failure in a tool that has run. A
// message that refuses the input says so from its first word, and names only the tool.
const PREFIX = /^\s*(?:mcp error -3260[12]:?\s*|invalid params:\s*)*/i
const INPUT = [
  /^(input validation\b|invalid (tool )?arguments\b|wrong arguments for\b|validating "?arguments\b)/i,
  /^(unknown|no such|unrecognized) tool\b/i,
  /^tool:? (("[^"]{1,200}"|'[^']{1,200}'|`[^`]{1,200}`|\S{1,200}) )?(is |was )?(not found|not known|does not exist|disabled)\b/i,
]
const OUTPUT = /\boutput (validation|schema)\b|outputSchema|structured ?(content|output)/i

/**
 * True if a message under the code for wrong parameters refuses a tool's input, so that the tool
 * never ran.
 */
export function isInputRefusal(message: string): boolean {
  const start = message.slice(0, 1_000)
  const said = start.replace(PREFIX, '')
  return !OUTPUT.test(start) && INPUT.some((pattern) => pattern.test(said))
}
