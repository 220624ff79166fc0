import { ask, type Visitor } from '#scripts/local/first-visit.ts'
import type { OpenAIServer } from '#tests/support/models/openai-server.ts'
import { measure } from './measure.ts'

const ROUNDS = 40

/**
 * The time to a turn's first delta, with a model that answers at once on a socket. Compared, in the
 * same run and build, with a route that does nothing (/api/health/live) and with the model asked
 * directly.
 */
export async function benchTurn(visitor: Visitor, model: OpenAIServer): Promise<Record<string, number>> {
  const answer = { text: ['One', ' two', ' three.'] }
  const askTurn = async () => {
    model.script(answer)
    return (await ask(visitor, 'Count to three.')).firstDeltaMs
  }
  const askModel = async () => {
    model.script(answer)
    return firstByteMs(`${model.url}/responses`, {
      method: 'POST',
      body: JSON.stringify({ model: 'bench', input: 'Count to three.', stream: true }),
    })
  }
  const askRoute = () => firstByteMs(`${visitor.url}/api/health/live`)
  const [turn, own, bare] = await measure(ROUNDS, [askTurn, askModel, askRoute])
  return {
    'turn: first delta / bare route': turn / bare,
    'turn: first delta / model alone': turn / own,
  }
}

async function firstByteMs(url: string, init?: RequestInit): Promise<number> {
  const began = performance.now()
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  const took = performance.now() - began
  while (!(await reader.read()).done);
  return took
}
