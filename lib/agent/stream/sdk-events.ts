import {
  isOpenAIChatCompletionsRawModelStreamEvent,
  isOpenAIResponsesRawModelStreamEvent,
  type RunStreamEvent,
} from '@openai/agents'
import { ECHO } from '#lib/agent/models/openai/repair/echo.ts'
import { RETRACTED } from '#lib/agent/models/openai/repair/response-messages.ts'
import { isHostedCall } from '#lib/agent/stream/hosted-tasks.ts'
import type { OpenCalls } from '#lib/agent/stream/open-calls.ts'
import type { OpenImages } from '#lib/agent/stream/open-images.ts'
import type { OpenMessages } from '#lib/agent/stream/open-messages.ts'
import type { OpenWorkflow } from '#lib/agent/stream/open-workflow.ts'
import type { ChatDelta, RawEvent, RawItem } from '#lib/agent/stream/raw-events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'

type Events = Generator<ThreadStreamEvent, void>

/** The open parts of a turn. */
type Open = { messages: OpenMessages; images: OpenImages; workflow: OpenWorkflow; calls: OpenCalls }

/** The one key for messages of models whose own keys are missing or unreliable. */
const MESSAGE = 'message'

/**
 * Reads the events of an agent run (protocol sections 2.2 and 2.3). OpenAI's Responses API is read
 * from its raw events, every other model from the SDK's normalised ones. Each text delta comes in
 * both forms; only one is used.
 */
export class SdkEvents {
  readonly #messages: OpenMessages
  readonly #images: OpenImages
  readonly #workflow: OpenWorkflow
  readonly #calls: OpenCalls
  readonly #clientTools: ReadonlySet<string>
  readonly #nameAssistant: (named: string) => string
  /** The function calls of this run, to find the one that the page carries out. */
  readonly called: { name: string; callId: string; itemId?: string }[] = []
  /** To whom handovers were asked for, by call id. */
  readonly #handovers = new Map<string, string>()
  /** True while the model that answers is of the Responses API. Another one may follow it. */
  #raw = false
  #thinking = ''
  #spoken = false

  /** `nameAssistant` names the assistant of an agent or of a tool that hands over, for people. */
  constructor(
    { messages, images, workflow, calls }: Open,
    clientTools: ReadonlySet<string>,
    nameAssistant: (named: string) => string = agentOf,
  ) {
    this.#messages = messages
    this.#images = images
    this.#workflow = workflow
    this.#calls = calls
    this.#clientTools = clientTools
    this.#nameAssistant = nameAssistant
  }

  *take(event: RunStreamEvent): Events {
    if (event.type === 'run_item_stream_event') return yield* this.#runItem(event)
    if (event.type !== 'raw_model_stream_event') return
    if (isOpenAIResponsesRawModelStreamEvent(event)) {
      this.#raw = true
      return yield* this.#responses(event.data.event as RawEvent)
    }
    if (isOpenAIChatCompletionsRawModelStreamEvent(event)) {
      this.#raw = false
      return yield* this.#chat(event.data.event.choices?.[0]?.delta as ChatDelta)
    }
    if (this.#raw) return
    if (event.data.type === 'output_text_delta') {
      yield* this.#openMessage(MESSAGE)
      this.#spoken = true
      yield* this.#messages.addText(MESSAGE, 0, event.data.delta)
    } else if (event.data.type === 'response_done') {
      for (const item of event.data.response.output as RawItem[]) yield* this.#normalised(item)
      yield* this.#endThinking()
    }
  }

  *#openMessage(key: string): Events {
    if (this.#messages.has(key)) return
    yield* this.#endThinking()
    yield* this.#workflow.end()
    this.#spoken = false
    yield* this.#messages.start(key)
  }

  *#responses(event: RawEvent): Events {
    const { item, item_id: id = '', content_index: index = 0, part, text = '', delta = '' } = event
    switch (event.type) {
      case 'response.output_item.added':
        if (item?.type === 'reasoning' && !this.#workflow.id) yield* this.#workflow.start({ type: 'reasoning' })
        if (item?.type === 'image_generation_call') yield* this.#images.start(item.id ?? '')
        if (item?.type === 'message') yield* this.#openMessage(item.id ?? '')
        if (item && isHostedCall(item)) yield* this.#calls.startHosted(item.id ?? '', item)
        return
      case 'response.content_part.added':
        if (part && part.type !== 'reasoning_text') yield* this.#messages.addPart(id, index, part)
        return
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        // Some compatible servers announce no item first.
        yield* this.#openMessage(id)
        return yield* this.#messages.addText(id, index, delta)
      case 'response.output_text.annotation.added':
        return yield* this.#messages.addAnnotation(id, index, event.annotation)
      case 'response.output_text.done':
        return yield* this.#messages.endPart(id, index, text)
      case 'response.refusal.done':
        return yield* this.#messages.endPart(id, index, event.refusal ?? '')
      case 'response.reasoning_summary_text.delta':
        return yield* this.#workflow.addThought(delta)
      case 'response.reasoning_summary_text.done':
        return yield* this.#workflow.endThought(text)
      case 'response.reasoning_text.delta':
        if (!this.#workflow.id) yield* this.#workflow.start({ type: 'reasoning' })
        return yield* this.#workflow.addThought(delta)
      case 'response.reasoning_text.done':
        return yield* this.#workflow.endThought(text)
      case RETRACTED:
        return yield* this.#messages.retract(id)
      case 'response.image_generation_call.partial_image':
        return yield* this.#images.update(id, event.partial_image_b64 ?? '', event.partial_image_index)
      case 'response.output_item.done':
        if (item?.type === 'image_generation_call') yield* this.#images.end(item.id ?? '', item.result)
        if (item?.type === 'message') yield* this.#messages.end(item.id ?? '', item.content ?? [])
        if (item && isHostedCall(item)) yield* this.#calls.endHosted(item.id ?? '', item)
    }
  }

  *#chat(delta: ChatDelta | undefined): Events {
    if (delta?.retracted) yield* this.#messages.retract(MESSAGE)
    const thought = delta?.reasoning ?? delta?.reasoning_content
    if (typeof thought === 'string') yield* this.#think(thought)
    if (typeof delta?.refusal !== 'string' || delta.refusal === '') return
    yield* this.#openMessage(MESSAGE)
    yield* this.#messages.addText(MESSAGE, this.#spoken ? 1 : 0, delta.refusal)
  }

  *#startHandoff(callId: string, tool = ''): Events {
    const to = this.#nameAssistant(tool)
    this.#handovers.set(callId, to)
    yield* this.#calls.startHandoff(callId, to)
  }

  /** A refused handover ends at the agent where it began. */
  *#endHandoff(callId: string, from: string | undefined, to = from ?? ''): Events {
    const isDone = from !== to
    yield* this.#calls.endHandoff(
      callId,
      isDone ? this.#nameAssistant(to) : (this.#handovers.get(callId) ?? ''),
      isDone,
    )
  }

  *#normalised(item: RawItem): Events {
    if (item.type === 'reasoning' && !this.#thinking && !this.#messages.has(MESSAGE)) {
      const text = [...(item.rawContent ?? []), ...(item.content ?? [])].map(({ text }) => text ?? '').join('\n')
      if (text.trim()) yield* this.#think(text)
      yield* this.#endThinking()
    }
    if (item.type !== 'message' || !item.content?.some(({ text, refusal }) => text || refusal)) return
    yield* this.#openMessage(MESSAGE)
    for (const [index, part] of item.content.entries()) {
      if (!this.#messages.hasPart(MESSAGE, index)) yield* this.#messages.addPart(MESSAGE, index, part)
      yield* this.#messages.endPart(MESSAGE, index, part.text ?? part.refusal ?? '')
    }
    yield* this.#messages.end(MESSAGE, item.content)
  }

  *#think(delta: string): Events {
    // Some servers send an empty thought with every chunk.
    if (this.#thinking === '' && delta.trim() === '') return
    if (!this.#workflow.id) yield* this.#workflow.start({ type: 'reasoning' })
    this.#thinking += delta
    yield* this.#workflow.addThought(delta)
  }

  *#endThinking(): Events {
    const text = this.#thinking
    this.#thinking = ''
    if (text) yield* this.#workflow.endThought(text)
  }

  *#runItem({ name, item }: Extract<RunStreamEvent, { type: 'run_item_stream_event' }>): Events {
    const raw = (item.rawItem ?? {}) as RawItem
    const callId = raw.callId ?? ''
    const { sourceAgent, targetAgent, customData } = item as {
      sourceAgent?: { name: string }
      targetAgent?: { name: string }
      customData?: CallFacts
    }
    if (name === 'tool_called' && raw.type === 'function_call') {
      this.called.push({ name: raw.name ?? '', callId, ...(raw.id && { itemId: raw.id }) })
      if (this.#clientTools.has(raw.name ?? '')) return
      const echo = (raw.providerData as { [ECHO]?: string } | undefined)?.[ECHO]
      yield* this.#calls.start({
        callId,
        name: raw.name ?? '',
        arguments: raw.arguments ?? '',
        ...(echo !== undefined && { echo }),
      })
    } else if (name === 'tool_output' && raw.type === 'function_call_result')
      yield* this.#calls.end(callId, raw.output, customData)
    else if (name === 'handoff_requested') yield* this.#startHandoff(callId, raw.name)
    else if (name === 'handoff_occurred') yield* this.#endHandoff(callId, sourceAgent?.name, targetAgent?.name)
    else if (name === 'tool_called' && raw.type === 'hosted_tool_call' && !this.#raw) {
      const call = { ...(raw.providerData as RawItem), type: raw.name }
      if (isHostedCall(call)) yield* this.#calls.endHosted(raw.id ?? '', call)
    }
  }
}

/** The agent that a handoff tool names: `transfer_to_Billing_agent`. */
function agentOf(tool = ''): string {
  return tool.replace(/^transfer_to_/, '').replaceAll('_', ' ')
}
