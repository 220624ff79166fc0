import type { Client } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { readResult } from '#lib/mcp-client/answers/read-result.ts'
import { TASK_META } from '#lib/mcp-client/answers/read-task.ts'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'

// Tasks on the wire, in their two generations: the experimental methods of 2025-11-25, and the
// extension of 2026-07-28.

/** The extension's name. Declaring it allows a server to answer a call with a task (2026-07-28). */
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'
export const TAKES_TASKS = { extensions: { [TASKS_EXTENSION]: {} } }

const ID_MAX_CHARS = 2_000

const Status = z.enum(['working', 'input_required', 'completed', 'failed', 'cancelled'])
const Said = z.string().optional().catch(undefined)
const Ms = z.number().positive().optional().catch(undefined)

const Task = z.looseObject({
  taskId: z.string().min(1).max(ID_MAX_CHARS),
  status: Status,
  statusMessage: Said,
  /** How long (ms) the server wants us to wait between two looks: by 2025-11-25, and since 2026-07-28. */
  pollInterval: Ms,
  pollIntervalMs: Ms,
})
const Found = Task.extend({
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.looseObject({ code: z.number().catch(-32_603), message: z.string().catch('') }).optional(),
  inputRequests: z.record(z.string(), z.looseObject({ method: z.unknown(), params: z.unknown() })).optional(),
})
const Anything = z.looseObject({})

/** A task as its server describes it. `inMs`: when the server wants to be asked again. */
export type TaskState = {
  status: z.infer<typeof Status>
  said?: string
  inMs?: number
  /** Since 2026-07-28 the description brings what there is to take up. */
  result?: Result
  error?: { code: number; message: string }
  inputRequests?: Record<string, { method?: unknown; params?: unknown }>
}

/** The task that a call began; undefined if it has its result. Throws for a task that cannot be read. */
export function findBegunTask({ _meta }: Result): { id: string; state: TaskState } | undefined {
  const sent = (_meta as Record<string, unknown> | undefined)?.[TASK_META]
  if (sent === undefined) return undefined
  const task = Task.parse(sent)
  return { id: task.taskId, state: toState(task) }
}

type Options = NonNullable<Parameters<Client['callTool']>[1]>

/** Asks how a task stands. */
export async function getTask(client: Client, taskId: string, options: Options): Promise<TaskState> {
  return toState(await client.request({ method: 'tasks/get', params: { taskId } }, Found, options))
}

/**
 * Waits for the result of a task, however long it takes (2025-11-25). What the server asks meanwhile
 * comes on the same stream. `meta` marks the request, as that of a call.
 */
export async function awaitTaskResult(client: Client, taskId: string, meta: object, options: Options): Promise<Result> {
  const params = { taskId, _meta: { ...meta } }
  return (await client.request({ method: 'tasks/result', params }, Anything, options)) as unknown as Result
}

/** Answers what a task needs (2026-07-28). */
export async function updateTask(
  client: Client,
  taskId: string,
  inputResponses: Record<string, QuestionAnswer>,
  options: Options,
): Promise<void> {
  await client.request({ method: 'tasks/update', params: { taskId, inputResponses } }, Anything, options)
}

/** Asks the server to end a task. True if it says that the task is cancelled; since 2026-07-28 it does not say. */
export async function cancelTask(client: Client, taskId: string, options: Options): Promise<boolean> {
  const { status } = await client.request({ method: 'tasks/cancel', params: { taskId } }, Anything, options)
  return status === 'cancelled'
}

function toState({ status, statusMessage, pollInterval, pollIntervalMs, ...rest }: z.infer<typeof Found>): TaskState {
  const { result, error, inputRequests } = rest
  const inMs = pollIntervalMs ?? pollInterval
  return {
    status,
    ...(statusMessage && { said: statusMessage }),
    ...(inMs !== undefined && { inMs }),
    ...(result && { result: readResult(result) as unknown as Result }),
    ...(error && { error }),
    ...(inputRequests && { inputRequests }),
  }
}
