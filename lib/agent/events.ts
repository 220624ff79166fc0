import { isOpenAIChatCompletionsRawModelStreamEvent, isOpenAIResponsesRawModelStreamEvent, type RunStreamEvent } from '@openai/agents'
import { type ItemContext, newItem } from '#lib/agent/item-context.ts'
import { OpenImages } from '#lib/agent/open-images.ts'
import { OpenMessages, type RawPart } from '#lib/agent/open-messages.ts'
import { OpenWorkflow } from '#lib/agent/open-workflow.ts'
import { keptArguments, loadingTask, NOT_MADE, outputText, settledTask, stoppedTask, type ToolCall } from '#lib/agent/tool-tasks.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import type { CallFacts } from '#lib/mcp-client/connection.ts'

type Events = Generator<ThreadStreamEvent, void>

/** A tool call of an earlier turn as it is kept in the thread for the model, hidden from clients. */
export type KeptToolCall = { kind: 'tool_call'; call_id: string; name: string; arguments: string; output: string; workflow_id?: string }

const MESSAGE = 'message'

/**
 * Maps the events of an agents run to thread events, without any IO (protocol section 2.2). Models of OpenAI's Responses API
 * are read from its raw events; all others from the SDK's normalised ones. Every text delta comes both ways: one is taken.
 */
export class TurnEvents {
  readonly #context: ItemContext
  readonly #messages: OpenMessages
  readonly #images: OpenImages
  readonly #workflow: OpenWorkflow
  readonly #calls = new Map<string, ToolCall & { task: number; workflowId?: string; settled?: boolean }>()
  #raw = false
  #thinking = ''

  constructor(context: ItemContext) {
    this.#context = context
    this.#messages = new OpenMessages(context)
    this.#images = new OpenImages(context)
    this.#workflow = new OpenWorkflow(context)
  }

  /** Goes on with a workflow that the turn before left open. */
  resume(workflow: WorkflowItem): void {
    this.#workflow.resume(workflow)
  }

  *take(event: RunStreamEvent): Events {
    if (event.type === 'run_item_stream_event') return yield* this.#runItem(event)
    if (event.type !== 'raw_model_stream_event') return
    if (isOpenAIResponsesRawModelStreamEvent(event)) {
      this.#raw = true
      return yield* this.#responses(event.data.event as RawEvent)
    }
    if (isOpenAIChatCompletionsRawModelStreamEvent(event)) {
      const delta = event.data.event.choices?.[0]?.delta as { reasoning?: unknown; reasoning_content?: unknown } | undefined
      const thought = delta?.reasoning ?? delta?.reasoning_content
      if (typeof thought === 'string') yield* this.#think(thought)
      return
    }
    if (this.#raw) return
    if (event.data.type === 'output_text_delta') {
      yield* this.#openMessage(MESSAGE)
      yield* this.#messages.addText(MESSAGE, 0, event.data.delta)
    } else if (event.data.type === 'response_done') {
      for (const item of event.data.response.output as RawItem[]) yield* this.#normalised(item)
      yield* this.#endThinking()
    }
  }

  /** A call of this turn has ended, which may be long before the run says so. */
  *settled(callId: string, facts: CallFacts): Events {
    const call = this.#calls.get(callId)
    if (!call || call.settled) return
    call.settled = true
    yield* this.#workflow.update(call.task, settledTask(call, facts))
  }

  /** The run came to its end: closes the workflow. */
  *end(): Events {
    yield* this.#images.interrupt()
    yield* this.#workflow.end()
  }

  /** The run was stopped or broke: nothing stays half open, and the model will know which calls have no answer. */
  *interrupt(): Events {
    yield* this.#messages.interrupt()
    yield* this.#images.interrupt()
    for (const call of [...this.#calls.values()]) {
      if (!call.settled) yield* this.#workflow.update(call.task, stoppedTask(call))
      yield* this.#keep(call, 'The turn ended before this call was answered. It may or may not have taken effect.')
    }
    yield* this.#workflow.end()
  }

  *#openMessage(key: string): Events {
    if (this.#messages.has(key)) return
    yield* this.#endThinking()
    yield* this.#workflow.end()
    yield* this.#messages.start(key)
  }

  *#responses(event: RawEvent): Events {
    const { item, item_id: id = '', content_index: index = 0, part, text = '', delta = '' } = event
    switch (event.type) {
      case 'response.output_item.added':
        if (item?.type === 'reasoning' && !this.#workflow.id) yield* this.#workflow.start('reasoning')
        if (item?.type === 'image_generation_call') yield* this.#images.start(item.id ?? '')
        if (item?.type === 'message') yield* this.#openMessage(item.id ?? '')
        return
      case 'response.content_part.added':
        if (part && part.type !== 'reasoning_text') yield* this.#messages.addPart(id, index, part)
        return
      case 'response.output_text.delta':
        // Some compatible servers announce no item first.
        yield* this.#openMessage(id)
        return yield* this.#messages.addText(id, index, delta)
      case 'response.output_text.annotation.added':
        return yield* this.#messages.addAnnotation(id, index, event.annotation)
      case 'response.output_text.done':
        return yield* this.#messages.endPart(id, index, text)
      case 'response.reasoning_summary_text.delta':
        return yield* this.#workflow.addThought(delta)
      case 'response.reasoning_summary_text.done':
        return yield* this.#workflow.endThought(text)
      case 'response.image_generation_call.partial_image':
        return yield* this.#images.update(id, event.partial_image_b64 ?? '')
      case 'response.output_item.done':
        if (item?.type === 'image_generation_call') yield* this.#images.end(item.id ?? '', item.result)
        if (item?.type === 'message') yield* this.#messages.end(item.id ?? '', item.content ?? [])
    }
  }

  *#normalised(item: RawItem): Events {
    if (item.type === 'reasoning' && !this.#thinking && !this.#messages.has(MESSAGE)) {
      const text = [...(item.rawContent ?? []), ...(item.content ?? [])].map(({ text }) => text ?? '').join('\n')
      if (text.trim()) yield* this.#think(text)
      yield* this.#endThinking()
    }
    if (item.type !== 'message' || !item.content?.length) return
    const streamed = this.#messages.has(MESSAGE)
    yield* this.#openMessage(MESSAGE)
    for (const [index, part] of item.content.entries()) {
      const text = part.text ?? part.refusal ?? ''
      if (!streamed || index > 0) yield* this.#messages.addPart(MESSAGE, index, part)
      yield* this.#messages.endPart(MESSAGE, index, text)
    }
    yield* this.#messages.end(MESSAGE, item.content)
  }

  *#think(delta: string): Events {
    if (!this.#workflow.id) yield* this.#workflow.start('reasoning')
    this.#thinking += delta
    yield* this.#workflow.addThought(delta)
  }

  *#endThinking(): Events {
    const text = this.#thinking
    this.#thinking = ''
    if (text) yield* this.#workflow.endThought(text)
  }

  *#runItem({ name, item }: Extract<RunStreamEvent, { type: 'run_item_stream_event' }>): Events {
    const raw = item.rawItem as RawItem | undefined
    if (name === 'tool_called' && raw?.type === 'function_call') {
      const call: ToolCall = { callId: raw.callId ?? '', name: raw.name ?? '', arguments: raw.arguments ?? '' }
      const task = loadingTask(call)
      if (this.#workflow.type === 'reasoning') yield* this.#workflow.end()
      const index = this.#workflow.id ? this.#workflow.size : 0
      if (this.#workflow.id) yield* this.#workflow.add(task)
      else yield* this.#workflow.start('custom', [task])
      this.#calls.set(call.callId, { ...call, task: index, workflowId: this.#workflow.id })
    } else if (name === 'tool_output' && raw?.type === 'function_call_result') {
      const call = this.#calls.get(raw.callId ?? '')
      if (!call) return
      const facts = (item as { customData?: unknown }).customData as CallFacts | undefined
      if (!call.settled) yield* this.#workflow.update(call.task, settledTask(call, facts ?? NOT_MADE))
      yield* this.#keep(call, outputText(raw.output))
    }
  }

  *#keep(call: ToolCall & { workflowId?: string }, output: string): Events {
    this.#calls.delete(call.callId)
    const content: KeptToolCall = {
      kind: 'tool_call',
      call_id: call.callId,
      name: call.name,
      arguments: keptArguments(call),
      output,
      ...(call.workflowId && { workflow_id: call.workflowId }),
    }
    yield { type: 'thread.item.done', item: { ...newItem(this.#context, 'hidden_context'), type: 'hidden_context_item', content } }
  }
}

/** The part of the raw and normalised shapes that is read here. */
type RawItem = {
  type?: string
  id?: string
  content?: RawPart[]
  rawContent?: RawPart[]
  callId?: string
  name?: string
  arguments?: string
  output?: unknown
  result?: string | null
}

type RawEvent = {
  type: string
  item?: RawItem
  item_id?: string
  content_index?: number
  part?: RawPart
  text?: string
  delta?: string
  annotation?: unknown
  partial_image_b64?: string
}
