import { QUESTION_ACTIONS } from '#lib/agent/questions/question-card.ts'
import type { QuestionWords } from '#lib/agent/questions/words/english.ts'
import { fillIn } from '#lib/agent/questions/words/find-words.ts'
import type { Action } from '#lib/chatkit/protocol/requests.ts'
import type { Question, StoredAnswer } from '#lib/data/runs/questions/questions.ts'
import { findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { readFields } from '#lib/mcp-client/questions/question-fields.ts'
import { readValues } from '#lib/mcp-client/questions/read-values.ts'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'
import { seal } from '#lib/platform/crypto/seal.ts'
import { clipJson } from '#lib/platform/redaction/redact.ts'

const KEPT_MAX_BYTES = 16_384
/** The protocol's words for the answers. */
const WORDS = { accepted: 'accept', declined: 'decline', cancelled: 'cancel' } as const

/** True for an action of a question's card. */
export function isQuestionAction(type: string): type is keyof typeof QUESTION_ACTIONS {
  return Object.hasOwn(QUESTION_ACTIONS, type)
}

/** The id of the question that an action answers. */
export function readQuestionId({ payload }: Action): string {
  return String((payload as { question?: unknown } | null | undefined)?.question)
}

/**
 * The answer that a card's action gives: as it is sent, and as it is stored. `problem` says what is
 * wrong with a form, as a sentence for the person.
 */
export async function readSubmission(
  { type, payload }: Action,
  { asked, server, tool }: Question,
  { policies, timeZone, words }: { policies: ToolPolicy[]; timeZone: string; words: QuestionWords },
): Promise<{ answer: QuestionAnswer; stored: StoredAnswer; problem?: undefined } | { problem: string }> {
  const status = QUESTION_ACTIONS[type as keyof typeof QUESTION_ACTIONS]
  const answer: QuestionAnswer = { action: WORDS[status] }
  const { mode, requestedSchema, order } = asked as Asked
  if (status === 'accepted' && mode === 'form' && requestedSchema) {
    const fields = readFields(inOrder(requestedSchema, order))
    if (!Array.isArray(fields)) return { problem: words.unreadable }
    const read = readValues(fields, (payload as { values?: unknown } | null)?.values, timeZone)
    if (read.problem !== undefined) return { problem: fillIn(words[read.problem.why], { ...read.problem }) }
    answer.content = read.content
  }
  const { hidden } = findPolicy(policies, server, tool)
  const kept = answer.content && clipJson(answer.content, KEPT_MAX_BYTES, hidden)
  return { answer, stored: { status, kept, sealed: await seal(JSON.stringify(answer), 'answers to servers') } }
}

/** A question as it is stored. `order` is that of the fields on the card. */
type Asked = { mode: string; requestedSchema?: Schema; order?: string[] }
type Schema = Parameters<typeof readFields>[0]

/** The schema with its fields in the order in which the card shows them. */
function inOrder(schema: Schema, order: string[] = Object.keys(schema.properties)): Schema {
  return { ...schema, properties: Object.fromEntries(order.map((name) => [name, schema.properties[name]])) }
}
