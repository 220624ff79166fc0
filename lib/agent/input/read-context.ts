import { listRecentItems } from '#lib/agent/input/recent-items.ts'
import { mayRemember } from '#lib/agent/memory/may-remember.ts'
import { chooseForTurn } from '#lib/agent/models/catalog/model-choice.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { listThreadFiles } from '#lib/data/attachments/thread-files.ts'
import { findSummary } from '#lib/data/chat/context/summaries.ts'
import { listMessageOrigins } from '#lib/data/chat/message-origins.ts'
import { findThreadModelChoice } from '#lib/data/chat/model-choices.ts'
import { listOutsideContent } from '#lib/data/chat/outside-content.ts'
import { listSwitchedOff } from '#lib/data/chat/switched-off-tools.ts'
import { listMemories, type Memory } from '#lib/data/people/memories.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { listApprovedForThread } from '#lib/data/runs/approvals/approved-calls.ts'
import { type EarlierCall, listAnsweredTools, listCallsFor, listTakenCalls } from '#lib/data/runs/earlier-tool-calls.ts'
import { listPolicies } from '#lib/data/servers/policies.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'

/** What a turn has to know before it begins. */
export type ReadContext = Awaited<ReturnType<typeof readContext>>

/**
 * Reads what a turn has to know, in rounds, so that one turn never takes most of the pool. `runs`
 * are the turn's own runs. `own` are the calls that they made for the message. `earlier` are the
 * calls of other attempts, and own calls with an unknown outcome. `taken` are those of the thread's
 * branches. `items` are those that the
 * thread's summary does not cover. Throws unauthenticated if the account is gone.
 */
export async function readContext(caller: Caller, { thread, input, store }: Omit<Turn, 'signal'>, runs: string[]) {
  const callsFor = async (message?: UserMessageItem | null) => (message ? listCallsFor(caller, message.id) : [])
  const [person, { summary, items }, memory] = await Promise.all([
    findPerson(caller.userId),
    readItems(caller, store, thread.id),
    readMemory(caller, thread),
  ])
  const [policies, approved, answered, files, taken] = await Promise.all([
    listPolicies(caller),
    listApprovedForThread(caller, thread.id),
    listAnsweredTools(caller, thread.id),
    listThreadFiles(caller, thread.id),
    listTakenCalls(caller, thread.id, { own: runs, isAll: true }),
  ])
  const [origins, outside, off, remembered, calls] = await Promise.all([
    listMessageOrigins(caller, thread.id),
    listOutsideContent(caller, thread.id),
    listSwitchedOff(caller, thread.id),
    findThreadModelChoice(caller, thread.id),
    callsFor(input),
  ])
  if (!person) throw new AppError('unauthenticated', 'This account can no longer be used.')
  const said = items.findLast((item) => item.type === 'user_message')
  const { choice, withdrawn } = await chooseForTurn(person, remembered)
  const all = input ? calls : await callsFor(said)
  const isOwn = ({ runId, status }: EarlierCall) => runId !== null && runs.includes(runId) && status !== 'unknown'
  return {
    person,
    /** The model that the person chose for the thread, or their default. */
    choice,
    /** The thread's choice of a model, if that is no longer offered to this person. */
    withdrawn,
    summary,
    items,
    memory,
    said,
    policies,
    approved,
    answered,
    files,
    origins,
    outside,
    off,
    taken,
    earlier: all.filter((call) => !isOwn(call)),
    own: all.filter(isOwn),
  }
}

/** The thread's summary, and the items that it does not cover. */
async function readItems(caller: Caller, store: Turn['store'], threadId: string) {
  const summary = await findSummary(caller, threadId)
  return { summary, items: await listRecentItems(store, threadId, summary?.throughId) }
}

/** What the person keeps for all conversations; undefined if memory is off for them, or here. */
async function readMemory(caller: Caller, thread: Turn['thread']): Promise<Memory[] | undefined> {
  const [isOn, memories] = await Promise.all([mayRemember(caller, thread), listMemories(caller)])
  return isOn ? memories : undefined
}
