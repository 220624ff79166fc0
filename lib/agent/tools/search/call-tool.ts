import type { AgentInputItem, Model, ModelRequest, ModelResponse, StreamEvent } from '@openai/agents'
import { findInexactPart } from '#lib/agent/approvals/inexact-json.ts'
import { isObjectText, readArguments } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { findListedName } from '#lib/agent/models/openai/repair/called-names.ts'

/**
 * What a model sees of a turn's tools. `shown` are those in its requests, `all` those that it may
 * call, and `findTools` and `callTool` are the tools by which it reaches one that is not shown.
 */
export type ModelView = {
  shown: ReadonlySet<string>
  all: ReadonlySet<string>
  findTools: string
  callTool: string
}

type FunctionCall = Extract<AgentInputItem, { type: 'function_call' }>

/**
 * Wraps a model that sees only some of the tools. A call of `callTool` becomes the call of the tool
 * that it names before anyone acts on it, so review, approval, ledger and chat know direct calls
 * only. In the history that the model reads, calls of tools that it does not see are calls of
 * `callTool` again, as it made them.
 */
export function withModelView(inner: Model, view: ModelView): Model {
  return {
    getResponse: async (request) => toDirectCalls(await inner.getResponse(toShownRequest(request, view)), view),
    async *getStreamedResponse(request): AsyncGenerator<StreamEvent> {
      for await (const event of inner.getStreamedResponse(toShownRequest(request, view)))
        yield event.type === 'response_done' ? { ...event, response: toDirectCalls(event.response, view) } : event
    },
  }
}

function toShownRequest(request: ModelRequest, view: ModelView): ModelRequest {
  const { input, tools } = request
  return {
    ...request,
    tools: tools.filter((tool) => tool.type !== 'function' || view.shown.has(tool.name)),
    input: typeof input === 'string' ? input : input.map((item) => toShownCall(item, view)),
  }
}

function toShownCall(item: AgentInputItem, { shown, all, callTool }: ModelView): AgentInputItem {
  if (item.type !== 'function_call' || shown.has(item.name) || !all.has(item.name)) return item
  const name = JSON.stringify(item.name)
  // The text itself goes in, because parsing it may change a number.
  const args = isObjectText(item.arguments) ? item.arguments : JSON.stringify(item.arguments)
  return { ...item, name: callTool, arguments: `{"name":${name},"arguments":${args}}` }
}

function toDirectCalls<Answer extends Pick<ModelResponse, 'output'>>(answer: Answer, view: ModelView): Answer {
  const output = answer.output.map((item) => (item.type === 'function_call' ? toDirectCall(item, view) : item))
  return { ...answer, output }
}

/** The call that a call of `callTool` stands for; the same call if it cannot be read as one. */
function toDirectCall(call: FunctionCall, { all, callTool }: ModelView): FunctionCall {
  if (call.name !== callTool || findInexactPart(call.arguments) !== undefined) return call
  const { name, arguments: asked } = readCall(call.arguments)
  const listed = typeof name === 'string' ? findListedName(name, all) : undefined
  const args = readArguments(asked)
  return listed === undefined || args === undefined ? call : { ...call, name: listed, arguments: args }
}

/** Why a call of `callTool` stands for no other call, as a sentence for the model. */
export function explainUnreadCall(text: string, all: ReadonlySet<string>, findTools: string): string {
  const { name, arguments: asked } = readCall(text)
  if (typeof name !== 'string' || name === '')
    return 'The call was not made: "name" must be the name of a tool, and "arguments" a JSON object.'
  const short = name.slice(0, 100)
  if (findListedName(name, all) === undefined) return `There is no tool named ${short}. Find one with ${findTools}.`
  if (readArguments(asked) === undefined)
    return `The call of ${short} was not made: "arguments" must be one whole JSON object.`
  return `The call of ${short} was not made: ${findInexactPart(text) ?? 'its arguments cannot be read'}.`
}

function readCall(text: string): { name?: unknown; arguments?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { name?: unknown; arguments?: unknown }
  } catch {
    return {}
  }
}
