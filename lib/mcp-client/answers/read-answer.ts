import { ASKS, askOf, makeNoAnswer, type ServerAsk } from '#lib/mcp-client/answers/no-answer.ts'
import { readOffers } from '#lib/mcp-client/answers/read-offers.ts'
import { type Fields, isFields, readResult } from '#lib/mcp-client/answers/read-result.ts'
import { readTaskAnswer } from '#lib/mcp-client/answers/read-task.ts'
import { chooseUsableTools, type LeftOut } from '#lib/mcp-client/answers/usable-tools.ts'

/** Which answers the client takes besides results. */
export type Takes = {
  questions?: boolean
  tasks?: boolean
  /** False if the server has said that it runs no tasks (2025-11-25). */
  runsTasks?: boolean
}

/**
 * A request that waits for its answer. `modern`: it uses revision 2026-07-28. `isFirst`: it asks for
 * the first page of a list of tools.
 */
export type Asked = { id: string | number; method: string; modern: boolean; isFirst?: boolean; trace?: string }

/** A server's refusal to go on without something that the client did not declare (2026-07-28). */
const MISSING_CAPABILITY = -32021
const INTERNAL_ERROR = -32603
const URL_ELICITATION_REQUIRED = -32042

/** True for a JSON-RPC message that answers something, well-formed or not. */
export function isAnswer(message: unknown): message is Fields {
  return isFields(message) && message.method === undefined && ('result' in message || 'error' in message)
}

/**
 * True if an answer belongs to this request. A server that could not read a request answers it with
 * an error without an id.
 */
export function isAnswerTo(message: Fields, { id }: Asked): boolean {
  return String(message.id) === String(id) || ((message.id === null || message.id === undefined) && isError(message))
}

/**
 * Converts an answer to a form that the SDK reads. Calls `onLeftOut` with the tools that were left
 * out of a list. With `takes.questions`, a call's question to the person is an answer too, and with
 * `takes.tasks` the task that a call began.
 */
export function readAnswer(
  message: Fields,
  asked: Asked,
  onLeftOut: (leftOut: LeftOut[]) => void = () => {},
  takes: Takes = {},
): object {
  const { id } = asked
  if (message.jsonrpc !== '2.0') return makeNoAnswer(id, { why: 'unreadable' })
  if (isError(message)) return readError(message.error, asked, takes.questions === true)
  const { result } = message
  if (!isFields(result)) return makeNoAnswer(id, { why: 'unreadable' })
  if (result.resultType === 'input_required') {
    const asks = asksOf(result.inputRequests)
    const takesQuestions = takes.questions && asked.method === 'tools/call'
    if (takesQuestions && asks.every((ask) => ask === 'elicitation')) return { jsonrpc: '2.0', id, result }
    return makeNoAnswer(id, { why: 'asks', asks: asks.filter((ask) => isRefused(ask, takesQuestions)) })
  }
  const task = asked.method === 'tools/call' ? readTaskAnswer(result) : undefined
  if (task && !takes.tasks) return makeNoAnswer(id, { why: 'task' })
  // Some servers mark the description of a task as a task that was begun.
  if (asked.method === 'tasks/get' && asked.modern)
    return { jsonrpc: '2.0', id, result: { ...result, resultType: 'complete' } }
  const read = task
    ? task
    : asked.method === 'tools/call' || asked.method === 'tasks/result'
      ? readResult(result)
      : asked.method === 'tools/list'
        ? readList(result, onLeftOut, takes.runsTasks)
        : readOffers(asked.method, result)
  if (!read) return makeNoAnswer(id, { why: 'unreadable' })
  const isComplete = asked.modern && asked.method !== 'server/discover' && read.resultType === undefined
  return { jsonrpc: '2.0', id, result: isComplete ? { ...read, resultType: 'complete' } : read }
}

function isError({ error }: Fields): boolean {
  return error !== undefined && error !== null
}

function readError(error: unknown, { id, method }: Asked, takesQuestions: boolean): object {
  const { code, message, data } = isFields(error) ? error : { code: undefined, message: error, data: undefined }
  const number = Number(code)
  const isForPerson = takesQuestions && method === 'tools/call'
  if (number === URL_ELICITATION_REQUIRED && !isForPerson)
    return makeNoAnswer(id, { why: 'asks', asks: ['elicitation'] })
  const missing = number === MISSING_CAPABILITY && isFields(data) ? data.requiredCapabilities : undefined
  const asks = isFields(missing) ? ASKS.filter((ask) => Object.hasOwn(missing, ask) && isRefused(ask, isForPerson)) : []
  if (asks.length > 0) return makeNoAnswer(id, { why: 'asks', asks })
  const read = {
    code: Number.isInteger(number) ? number : INTERNAL_ERROR,
    message: typeof message === 'string' ? message : (JSON.stringify(message) ?? ''),
    ...(data !== undefined && { data }),
  }
  return { jsonrpc: '2.0', id, error: read }
}

/** What a result asks for; undefined stands for what nobody knows. */
function asksOf(requests: unknown): (ServerAsk | undefined)[] {
  const all = isFields(requests) ? Object.values(requests) : []
  return [...new Set(all.map((request) => (isFields(request) ? askOf(request.method) : undefined)))]
}

/** True for what is refused by its name; questions are not where a person takes them. */
function isRefused(ask: ServerAsk | undefined, takesQuestions = false): ask is ServerAsk {
  return ask !== undefined && !(takesQuestions && ask === 'elicitation')
}

function readList(
  result: Fields,
  onLeftOut: (leftOut: LeftOut[]) => void,
  runsTasks: boolean | undefined,
): Fields | undefined {
  const { tools, nextCursor, ...rest } = result
  if (!Array.isArray(tools)) return undefined
  const usable = chooseUsableTools(tools, { ...(runsTasks !== undefined && { runsTasks }) })
  onLeftOut(usable.leftOut)
  // Some servers end a list with null or an empty cursor.
  return { ...rest, tools: usable.tools, ...(typeof nextCursor === 'string' && nextCursor !== '' && { nextCursor }) }
}

/** True if a server says in its answer to `initialize` that calls of tools may be tasks. */
export function offersTasks(message: Fields): boolean {
  const at = (value: unknown, name: string) => (isFields(value) ? value[name] : undefined)
  return ['result', 'capabilities', 'tasks', 'requests', 'tools', 'call'].reduce<unknown>(at, message) !== undefined
}
