import { ProtocolError, UrlElicitationRequiredError } from '@modelcontextprotocol/client'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'

const NOT_DONE = 'The tool wanted the person to do something at an address first, and that was not done.'

/**
 * Makes a call, and makes it again after the person has done what its server answered is required
 * first (MCP: error -32042, by which the server says that it did nothing yet). `ask` puts each
 * address to the person, and throws if there are too many. Throws a Refusal if one was not done.
 */
export async function withRequiredAddresses<T>(
  call: () => Promise<T>,
  ask: ((question: object) => Promise<QuestionAnswer>) | undefined,
): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      const required = ask && listRequired(error)
      if (!required) throw error
      for (const question of required) await requireDone(() => ask(question))
    }
  }
}

function listRequired(error: unknown): object[] | undefined {
  if (!(error instanceof UrlElicitationRequiredError)) return undefined
  // A server may have put anything there.
  const sent: unknown = error.elicitations
  if (!Array.isArray(sent) || sent.length === 0) return undefined
  return sent.map((one) => ({ ...(one as object | null), mode: 'url' }))
}

async function requireDone(ask: () => Promise<QuestionAnswer>): Promise<void> {
  let action: QuestionAnswer['action'] | undefined
  try {
    action = (await ask()).action
  } catch (error) {
    // Said to a server that asks by a request. This one has asked by an error.
    if (error instanceof ProtocolError) throw new Refusal('input_required', `${NOT_DONE} ${error.message}`)
    throw error
  }
  if (action !== 'accept') throw new Refusal('input_required', NOT_DONE)
}
