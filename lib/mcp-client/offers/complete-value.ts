import { type Asker, askServer, requireServer } from '#lib/mcp-client/offers/ask-server.ts'

const VALUES_MAX = 20
const VALUE_MAX_CHARS = 500

/** An argument of a prompt or a parameter of a template, and what is known so far. */
export type Completion = {
  server: string
  of: { prompt: string } | { template: string }
  argument: string
  value: string
  /** The other arguments that are filled in already. */
  known?: Record<string, string>
}

/**
 * What the server suggests for an argument: at most 20 values of up to 500 characters, none if it
 * completes nothing. They are hostile text: shown as text, and sent to that server alone. Throws
 * what `askServer` throws.
 */
export async function completeValue(
  asker: Asker,
  { server: name, of, argument, value, known }: Completion,
): Promise<string[]> {
  const server = await requireServer(asker, name)
  return askServer(server, asker, async (client, options) => {
    if (!client.getServerCapabilities()?.completions) return []
    const ref =
      'prompt' in of
        ? { type: 'ref/prompt' as const, name: of.prompt }
        : { type: 'ref/resource' as const, uri: of.template }
    const context = known && Object.keys(known).length > 0 ? { context: { arguments: known } } : {}
    const { completion } = await client.complete({ ref, argument: { name: argument, value }, ...context }, options)
    const usable = completion.values.filter((one) => one !== '' && one.length <= VALUE_MAX_CHARS)
    return [...new Set(usable)].slice(0, VALUES_MAX)
  })
}
