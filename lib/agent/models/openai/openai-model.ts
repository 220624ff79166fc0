import {
  type Model,
  type ModelRequest,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  type StreamEvent,
} from '@openai/agents'
import type OpenAI from 'openai'
import { AnswerRepair } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { ECHO, toOrigin } from '#lib/agent/models/openai/repair/echo.ts'
import { fitToOrigin, markOrigin } from '#lib/agent/models/openai/repair/item-origin.ts'
import { repairClient } from '#lib/agent/models/openai/repair/repair-client.ts'
import { repairInput } from '#lib/agent/models/openai/repair/repair-input.ts'

type Done = Extract<StreamEvent, { type: 'response_done' }>

/**
 * A model of OpenAI or of any server that speaks one of its two APIs. Where such a server differs
 * from OpenAI, its answer is repaired here, before the SDK sees it. What the turn has to know of
 * the repair is on the last event (`repairOf`).
 */
export class OpenAIModel implements Model {
  readonly #client: OpenAI
  readonly #api: 'responses' | 'chat_completions'
  readonly #name: string

  constructor(client: OpenAI, api: 'responses' | 'chat_completions', name: string) {
    this.#client = client
    this.#api = api
    this.#name = name
  }

  getResponse(request: ModelRequest): ReturnType<Model['getResponse']> {
    return this.#open(this.#client).getResponse(request)
  }

  async *getStreamedResponse(request: ModelRequest): AsyncGenerator<StreamEvent> {
    const origin = toOrigin(this.#client.baseURL, this.#name)
    const input = typeof request.input === 'string' ? request.input : repairInput(fitToOrigin(request.input, origin))
    const answer = new AnswerRepair(toolNames(request), callIds(input), origin)
    const inner = this.#open(repairClient(this.#client, origin, answer))
    for await (const event of inner.getStreamedResponse({ ...request, input }))
      yield event.type === 'response_done' ? withRepair(event, answer, origin) : event
  }

  #open(client: OpenAI): Model {
    return this.#api === 'responses'
      ? new OpenAIResponsesModel(client, this.#name)
      : new OpenAIChatCompletionsModel(client, this.#name)
  }
}

/**
 * What was repaired in the answer that ends with this event; undefined for a model that is not
 * repaired.
 */
export function repairOf(event: Done): AnswerRepair | undefined {
  const repair = event.providerData?.repair
  return repair instanceof AnswerRepair ? repair : undefined
}

function withRepair(event: Done, answer: AnswerRepair, origin: string): Done {
  const repaired = event.response.output.map((item) => {
    if (item.type === 'function_call') {
      const echo = answer.echoOf(item.callId)
      return { ...item, providerData: echo === undefined ? undefined : { [ECHO]: echo } }
    }
    if (item.type !== 'message' || answer.visible === undefined) return item
    const content = item.content.map((part) =>
      part.type === 'output_text' ? { ...part, text: answer.visible ?? part.text } : part,
    )
    return { ...item, content }
  })
  const output = repaired.map((item) => markOrigin(item, origin))
  return { ...event, response: { ...event.response, output }, providerData: { ...event.providerData, repair: answer } }
}

function toolNames({ tools, handoffs }: ModelRequest): ReadonlySet<string> {
  return new Set([
    ...tools.flatMap((tool) => (tool.type === 'function' ? tool.name : [])),
    ...handoffs.map(({ toolName }) => toolName),
  ])
}

function callIds(input: ModelRequest['input']): string[] {
  return typeof input === 'string' ? [] : input.flatMap((item) => (item.type === 'function_call' ? item.callId : []))
}
