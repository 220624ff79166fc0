// Servers say under one code that they refuse the input, and that they cannot show the output of a tool that has run.
const INPUT = [
  /\binput validation\b|\binvalid (tool )?arguments\b|\bwrong arguments for\b|\bvalidating "?arguments"?/i,
  /\b(unknown|no such|unrecognized) tool\b|\btool\b.{1,200}\b(not found|is not known|does not exist|(is )?disabled)\b|\btool (not found|disabled)\b/i,
]
const OUTPUT = /\boutput (validation|schema)\b|outputSchema|structured ?(content|output)/i

/** True where a message under the code of wrong parameters refuses the input of a tool, so that the tool never ran. */
export function isInputRefusal(message: string): boolean {
  const start = message.slice(0, 1_000)
  return !OUTPUT.test(start) && INPUT.some((pattern) => pattern.test(start))
}
