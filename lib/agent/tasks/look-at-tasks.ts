import { closeTask, type TaskEnding } from '#lib/agent/tasks/close-task.ts'
import { toLookMs, unsealTask } from '#lib/agent/tasks/run-tasks.ts'
import { type Authority, explainRefusal, findAuthority } from '#lib/data/people/authority.ts'
import { type Look, leaseDueTasks, noteLook } from '#lib/data/runs/tasks/lease-due-tasks.ts'
import { mayTakeUp, type ServerTask } from '#lib/data/runs/tasks/server-tasks.ts'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import { endTaskAtServer, lookAtTask } from '#lib/mcp-client/connection/look-at-task.ts'
import { EFFECT, toSafeDetail } from '#lib/mcp-client/failures/mcp-failure.ts'
import { findRefusal, toMovedSentence } from '#lib/mcp-client/refusal.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How many tasks one process asks for at once, in total and of one server, which may hang. */
const AT_ONCE = { total: 40, ofServer: 4 }
/** When (ms) a task that cannot be taken up yet is looked at again. */
const BUSY_MS = 1_500
/** The same after it had to wait for long. */
const BUSY_MAX_MS = 15_000
/** How many runs may take up a task and die before the call ends without its result. */
const TAKE_UPS_MAX = 8
/** The longest wait (ms) after failures, which doubles with each of them. */
const BACK_OFF_MS = 60_000

/** Starts a run that takes up what the tasks of a run have come to. Throws if the thread is busy. */
export type TakeUp = (task: ServerTask, authority: Authority) => Promise<void>

/** The looks of this process that have not ended, by server. */
const looking = processState('looks at tasks', () => new Map<string, number>())

/**
 * Begins a look at each task that is due, without waiting for those that were begun before: a server
 * that hangs holds up its own tasks alone. `ended` resolves when these looks have ended. Never throws
 * for a single task.
 */
export async function beginDueLooks(takeUp: TakeUp): Promise<{ count: number; ended: Promise<void> }> {
  const counts = looking()
  const free = AT_ONCE.total - [...counts.values()].reduce((sum, count) => sum + count, 0)
  const except = [...counts].filter(([, count]) => count >= AT_ONCE.ofServer).map(([server]) => server)
  const due = free > 0 ? await leaseDueTasks(free, { ofServer: AT_ONCE.ofServer, except }) : []
  const looks = due.map(async (task) => {
    counts.set(task.server, (counts.get(task.server) ?? 0) + 1)
    try {
      await look(task, takeUp)
    } catch (error) {
      log.warn({ error, server: task.server, tool: task.tool }, 'a task could not be looked at')
      await noteLook(task, toFailedLook(task)).catch(() => undefined)
    } finally {
      const left = (counts.get(task.server) ?? 1) - 1
      if (left > 0) counts.set(task.server, left)
      else counts.delete(task.server)
    }
  })
  return { count: due.length, ended: Promise.all(looks).then(() => undefined) }
}

/** Looks once at every task that is due, and waits for it. Resolves to their number. */
export async function lookAtDueTasks(takeUp: TakeUp): Promise<number> {
  const { count, ended } = await beginDueLooks(takeUp)
  await ended
  return count
}

async function look(task: ServerTask, takeUp: TakeUp): Promise<void> {
  const authority = await findAuthority({ userId: task.ownerId, runId: task.runId })
  const opened = await unsealTask(task)
  const refusal = !opened ? 'What is known of this task can no longer be read.' : explainRefusal(authority)
  const server = authority && (await findServer(task, authority))
  const isThere = server && opened?.call.task.url === server.url
  if (task.stopAt && isThere && authority && !authority.disabled) return stop(task, server, opened.call.task)
  if (refusal !== null || !authority || !opened || task.stopAt) return closeTask(task, toDenied(refusal ?? GONE))
  if (!server) return closeTask(task, toDenied(`${task.server} was taken away from this person.`))
  if (server.url !== opened.call.task.url) return closeTask(task, toDenied(toMovedSentence(server.name)))
  // Its person answered no question in time, or the call was ended otherwise.
  if (task.status === 'asking') return stop(task, server, opened.call.task)
  if (task.status === 'working') {
    const found = await ask(task, server, opened.call.task)
    if (found.status === undefined) return noteLook(task, found)
    await noteLook(task, { ...found, inMs: found.status === 'working' ? found.inMs : BUSY_MS })
    if (found.status === 'working') return
  } else if (task.failures >= TAKE_UPS_MAX) return giveUp(task, server, opened.call.task, NOT_TAKEN_UP)
  if (!(await mayTakeUp(task))) return noteLook(task, { inMs: Math.max(toBusyMs(task), toBackOff(task)) })
  try {
    await takeUp(task, authority)
  } catch (error) {
    // The thread or the person is busy, or the server is restarting.
    if (!(error instanceof AppError)) throw error
    if (error.code === 'not_found' || error.code === 'unauthenticated') return closeTask(task, toDenied(error.message))
    await noteLook(task, { inMs: Math.max(toBusyMs(task), toBackOff(task)) })
  }
}

/** Asks the task's server. A task that has used up its time has ended. */
async function ask(task: ServerTask, server: McpServer, handle: TaskHandle): Promise<Look> {
  if (task.expiresAt <= new Date()) {
    await giveUp(task, server, handle, EXPIRED)
    return { inMs: BUSY_MS }
  }
  try {
    const state = await lookAtTask(server, whoOf(task), handle)
    // A server that has forgotten the task is asked for its result all the same: that settles the call.
    if (!state) return { status: 'ended', inMs: 0 }
    const status = state.status === 'working' || state.status === 'input_required' ? state.status : 'ended'
    return { status, said: state.said && toSafeDetail(state.said), inMs: toLookMs(state.inMs) }
  } catch (error) {
    if (findRefusal(error)?.failureClass === 'denied') {
      await closeTask(task, toDenied(findRefusal(error)?.message ?? GONE))
      return { inMs: BUSY_MS }
    }
    log.info({ error, server: task.server, tool: task.tool }, 'the server of a task did not answer')
    return toFailedLook(task)
  }
}

async function giveUp(task: ServerTask, server: McpServer, handle: TaskHandle, ending: TaskEnding): Promise<void> {
  await endTaskAtServer(server, whoOf(task), handle).catch((error) => log.debug({ error }, 'a task was not cancelled'))
  await closeTask(task, ending)
}

async function stop(task: ServerTask, server: McpServer, handle: TaskHandle): Promise<void> {
  const isCancelled = await endTaskAtServer(server, whoOf(task), handle).catch((error) => {
    log.info({ error, server: task.server, tool: task.tool }, 'a task that was stopped could not be cancelled')
    return false
  })
  await closeTask(task, isCancelled ? CANCELLED : STOPPED)
}

async function findServer({ server: name }: ServerTask, { role }: Authority): Promise<McpServer | undefined> {
  const servers = await listServersFor(role)
  return servers.find((server) => server.name === name)
}

function whoOf({ ownerId: userId, runId, threadId }: ServerTask) {
  return { userId, runId, threadId }
}

function toFailedLook(task: ServerTask): Look {
  return { failed: true, inMs: toBackOff(task) }
}

function toBackOff({ failures, polls }: ServerTask): number {
  return Math.min(1_000 * 2 ** Math.min(failures, 10), BACK_OFF_MS) + (polls % 7) * 100
}

/** The longer the thread is busy or locked, or waits for its person, the less often it is looked at. */
function toBusyMs({ changedAt }: ServerTask): number {
  const waited = Date.now() - changedAt.getTime()
  return Math.min(Math.max(BUSY_MS, waited / 10), BUSY_MAX_MS)
}

const GONE = 'This account can no longer be used.'
const CANCELLED: TaskEnding = {
  class: 'cancelled',
  status: 'cancelled',
  sentence: 'The call was stopped, and its server has cancelled it.',
}
const STOPPED: TaskEnding = {
  class: 'cancelled',
  status: 'unknown',
  sentence: `The call was stopped. Whether its server has is unknown. ${EFFECT}`,
}
const EXPIRED: TaskEnding = {
  class: 'hard_timeout',
  status: 'unknown',
  sentence: `The task of this call did not end in time, so it was cancelled. ${EFFECT}`,
}

const NOT_TAKEN_UP: TaskEnding = {
  class: 'outcome_unknown',
  status: 'unknown',
  sentence: `The result of this call could not be used: every answer with it broke off. ${EFFECT}`,
}

function toDenied(sentence: string): TaskEnding {
  return { class: 'denied', status: 'unknown', sentence: `${sentence} The result of this call was not used.` }
}
