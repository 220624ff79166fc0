import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import {
  endServerTask,
  markAsking,
  type ServerTask,
  stopServerTasks,
  storeServerTask,
} from '#lib/data/runs/tasks/server-tasks.ts'
import type { TaskKeeping, WaitingTask } from '#lib/mcp-client/questions/asking.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

/** What the model is told of a call while its task goes on. */
export const GOES_ON =
  'The tool works on this in the background. Its result comes later, by itself; do not call it again.'
/** When (ms) a task is looked at if its server does not say, and the bounds of what servers may say. */
const LOOK_MS = { usual: 3_000, least: 1_000, most: 60_000 }

/** When (ms) a task is looked at again whose server could not be reached. */
const AGAIN_MS = 30_000

type Here = {
  run: { id: string; ownerId: string; threadId: string }
  /** The runs that led to this one. */
  runs: readonly string[]
  store: Store
  steps: SideEvents<SideStep>
}

/** A call whose task goes on, with the id of the hidden item that keeps it. */
export type ParkedTask = WaitingTask & { keptId: string }

/** What is sealed of a task: the call, and the runs that it belongs to. */
type Sealed = { runs: string[]; owner: string; thread: string; call: ParkedTask }

/** The calls of one run that go on as tasks at their servers. */
export class RunTasks implements TaskKeeping {
  /** The calls whose tasks go on after the run. */
  readonly waiting: ParkedTask[] = []
  readonly #here: Here
  readonly #keptIds = new Map<string, string>()

  constructor(here: Here) {
    this.#here = here
  }

  /** Notes under which id an item keeps a call already. */
  noteKept(rowId: string, keptId: string): void {
    this.#keptIds.set(rowId, keptId)
  }

  async begin(call: WaitingTask, { said, inMs, forMs }: Parameters<TaskKeeping['begin']>[1]): Promise<void> {
    const { run, runs } = this.#here
    const { rowId, callId, server, tool } = call
    const kept = { ...call, keptId: this.#keptId(rowId) }
    const sealed = { runs: [...runs, run.id], owner: run.ownerId, thread: run.threadId, call: kept } satisfies Sealed
    const now = Date.now()
    await storeServerTask(run, {
      ...{ id: newId('stk'), toolCallId: rowId, callId, server, tool, said: said ?? null },
      sealed: await seal(JSON.stringify(sealed), 'server tasks'),
      pollAt: new Date(now + toLookMs(inMs)),
      expiresAt: new Date(now + forMs),
    })
  }

  async putBack(call: WaitingTask): Promise<boolean> {
    try {
      await this.begin(call, { inMs: AGAIN_MS, forMs: 0 })
      return true
    } catch (error) {
      log.warn({ error, server: call.server, tool: call.tool }, 'a task was not put back')
      return false
    }
  }

  park(call: WaitingTask): void {
    const keptId = this.#keptId(call.rowId)
    this.waiting.push({ ...call, keptId })
    this.#here.steps.push((turn) => turn.wait(call.callId, { keptId, output: GOES_ON, goesOn: true }))
  }

  ask(rowId: string): Promise<void> {
    return markAsking({ userId: this.#here.run.ownerId }, rowId)
  }

  end(rowId: string): Promise<void> {
    return endServerTask({ userId: this.#here.run.ownerId }, rowId)
  }

  /** Stops the tasks that would go on, because the person stopped the run. */
  async stop(): Promise<void> {
    const { run } = this.#here
    const calls = this.waiting.map(({ callId }) => callId)
    if (calls.length > 0) await stopServerTasks({ userId: run.ownerId }, run.threadId, { callIds: calls })
  }

  #keptId(rowId: string): string {
    const id = this.#keptIds.get(rowId) ?? this.#here.store.newItemId('hidden_context')
    this.#keptIds.set(rowId, id)
    return id
  }
}

/** When (ms) a task is looked at next: when its server wants it, within bounds. */
export function toLookMs(inMs: number | undefined): number {
  return Math.min(Math.max(inMs ?? LOOK_MS.usual, LOOK_MS.least), LOOK_MS.most)
}

/**
 * The call of exactly this task of this person in this thread, with the runs that led to it. Null if
 * it cannot be unsealed any more, or belongs to another.
 */
export async function unsealTask(task: ServerTask): Promise<Pick<Sealed, 'runs' | 'call'> | null> {
  const text = await unseal(task.sealed, 'server tasks')
  if (text === null) return null
  const { owner, thread, runs, call } = JSON.parse(text) as Sealed
  const isOwn = owner === task.ownerId && thread === task.threadId && call.rowId === task.toolCallId
  return isOwn && call.server === task.server ? { runs, call } : null
}
