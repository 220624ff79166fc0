import { z } from 'zod'

// The requests of a client (protocol section 1.3): `{ type, params, metadata? }`. Unknown fields
// are ignored.

const id = z.string().min(1).max(200)
const bounded = (max: number) => z.string().max(max)
const MAX_PARTS = 200
const MAX_ATTACHMENTS = 50
const MAX_TITLE = 10_000

const TextPart = z.object({ type: z.literal('input_text'), text: z.string() })
const TagPart = z.object({
  type: z.literal('input_tag'),
  id,
  text: z.string(),
  data: z.record(z.string(), z.unknown()).default({}),
  group: bounded(500).nullish(),
  interactive: z.boolean().default(false),
})

const UserMessageInput = z.object({
  content: z.array(z.discriminatedUnion('type', [TextPart, TagPart])).max(MAX_PARTS),
  attachments: z.array(id).max(MAX_ATTACHMENTS).default([]),
  quoted_text: z.string().nullish(),
  inference_options: z.object({ tool_choice: z.object({ id }).nullish(), model: bounded(200).nullish() }).nullish(),
})

const Answer = z.object({ values: z.array(bounded(20_000)).max(100).default([]), skipped: z.boolean().default(false) })
const Action = z.object({ type: bounded(200).min(1), payload: z.unknown().optional() })
const thread = { thread_id: id }
const page = { limit: z.number().int().min(0).nullish(), order: z.enum(['asc', 'desc']).nullish(), after: id.nullish() }
const action = z.object({ ...thread, item_id: id.nullish(), action: Action })

// Scans each character once. The usual pattern, which matches groups of four, takes ten times as
// long for minutes of speech.
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** The operations and their parameters: 16 of the protocol, and seven that only our element sends. */
export const PARAMS = {
  /** `temporary` is our extension: the thread is in no list, and ends by itself. */
  'threads.create': z.object({ input: UserMessageInput, temporary: z.boolean().nullish() }),
  /** Our extension: `replaces` is the message of the thread that was edited. */
  'threads.add_user_message': z.object({ ...thread, input: UserMessageInput, replaces: id.nullish() }),
  'threads.add_client_tool_output': z.object({ ...thread, result: z.unknown().optional() }),
  'threads.add_structured_input': z.object({
    ...thread,
    item_id: id,
    input: z.object({
      status: z.enum(['answered', 'skipped']).default('answered'),
      answers: z.record(z.string(), Answer).default({}),
    }),
  }),
  'threads.retry_after_item': z.object({ ...thread, item_id: id }),
  'threads.custom_action': action,
  'threads.sync_custom_action': action,
  'threads.get_by_id': z.object(thread),
  'threads.list': z.object(page),
  'threads.update': z.object({ ...thread, title: bounded(MAX_TITLE) }),
  'threads.delete': z.object(thread),
  'items.list': z.object({ ...thread, ...page }),
  'items.feedback': z.object({ ...thread, item_ids: z.array(id).max(1_000), kind: z.enum(['positive', 'negative']) }),
  /** Our extension: keeps messages in the context, or no longer. */
  'items.pin': z.object({ ...thread, item_ids: z.array(id).min(1).max(100), pinned: z.boolean() }),
  'attachments.create': z.object({
    name: bounded(1_000).min(1),
    size: z.number().int().min(0),
    mime_type: bounded(200).min(1),
  }),
  'attachments.delete': z.object({ attachment_id: id }),
  'input.transcribe': z.object({
    audio_base64: z.string().refine(isBase64, 'Invalid base64-encoded string'),
    mime_type: bounded(200).min(1),
  }),
  /** Our extension: ends the thread's running turn and keeps the answer so far. */
  'threads.stop': z.object(thread),
  /**
   * Our extension: the events of the running turn, or of `run_id`, after event number `after`. With
   * `wait`, what changes in the thread without a turn, then the events of the turn that begins.
   */
  'threads.attach': z.object({
    ...thread,
    run_id: id.nullish(),
    after: z.number().int().min(0).max(2_147_483_647).nullish(),
    wait: z.boolean().nullish(),
  }),
  /** Our extension: shows another of the ways on from a place of the thread. */
  'threads.choose_branch': z.object({ ...thread, branch_id: id }),
  /** Our extension: stores a message that becomes the next turn when the running one ends. */
  'threads.wait_message': z.object({ ...thread, input: UserMessageInput }),
  /** Our extension: takes a message back that waits. */
  'threads.take_back': z.object({ ...thread, item_id: id }),
  /** Our extension: sends a message that waits and is held. */
  'threads.send_waiting': z.object({ ...thread, item_id: id }),
  /** Our extension: deletes a message with the versions of its answer. */
  'threads.delete_turn': z.object({ ...thread, item_id: id }),
} as const

export type Operation = keyof typeof PARAMS
/** The parameters of an operation after parsing, with their defaults. */
export type Params<O extends Operation> = z.output<(typeof PARAMS)[O]>
export type UserMessageInput = z.output<typeof UserMessageInput>
/** What a widget or the page asks the server to do. */
export type Action = z.output<typeof Action>

/**
 * What clients send beside the parameters. `request_id` (8 to 100 characters) identifies a repeated
 * request. `resume` asks for numbered streams, which a client can resume after a broken connection.
 * Invalid values are ignored.
 */
export const RequestMetadata = z.object({
  request_id: bounded(100).min(8).optional().catch(undefined),
  resume: z.boolean().optional().catch(undefined),
})

/** One request as it is sent. */
export type ChatKitRequest = {
  [O in Operation]: { type: O; params: z.input<(typeof PARAMS)[O]>; metadata?: Record<string, unknown> }
}[Operation]
