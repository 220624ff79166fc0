import type OpenAI from 'openai'
import type { AnswerRepair } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { restoreEchoes } from '#lib/agent/models/openai/repair/echo.ts'
import { repairChat } from '#lib/agent/models/openai/repair/repair-chat.ts'
import { repairResponses } from '#lib/agent/models/openai/repair/repair-responses.ts'

type Body = { messages?: unknown[]; input?: unknown }
type Streamed = { data: AsyncIterable<unknown>; response: Response; request_id: string | null }
type Create = (body: Body, options?: unknown) => { withResponse: () => Promise<Streamed> }

/**
 * A client for one streamed answer of the SDK. Requests get back what their provider wants with the
 * calls. Answers are repaired before the SDK reads them.
 */
export function repairClient(client: OpenAI, origin: string, answer: AnswerRepair): OpenAI {
  const chat: Create = (body, options) => {
    const create = client.chat.completions.create.bind(client.chat.completions) as unknown as Create
    const messages = restoreEchoes(body.messages ?? [], origin).map(withPlainText)
    const sent = create({ ...body, messages }, options)
    return { withResponse: async () => withData(await sent.withResponse(), (data) => repairChat(data, answer)) }
  }
  const responses: Create = (body, options) => {
    const create = client.responses.create.bind(client.responses) as unknown as Create
    const input = Array.isArray(body.input) ? restoreEchoes(body.input, origin) : body.input
    const sent = create({ ...body, input }, options)
    return { withResponse: async () => withData(await sent.withResponse(), (data) => repairResponses(data, answer)) }
  }
  return {
    baseURL: client.baseURL,
    chat: { completions: { create: chat } },
    responses: { create: responses },
  } as unknown as OpenAI
}

function withData(streamed: Streamed, repair: (data: AsyncIterable<unknown>) => AsyncIterable<unknown>): Streamed {
  return { ...streamed, data: repair(streamed.data) }
}

/**
 * An assistant's message as one text: several servers accept no list there, and none its
 * annotations.
 */
function withPlainText(message: unknown): unknown {
  const { role, content } = message as { role?: string; content?: unknown }
  if (role !== 'assistant' || !Array.isArray(content)) return message
  const parts = content as { text?: string; refusal?: string }[]
  return { ...(message as object), content: parts.map(({ text, refusal }) => text ?? refusal ?? '').join('\n\n') }
}
