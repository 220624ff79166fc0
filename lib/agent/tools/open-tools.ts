import type { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import { UntrustedContent } from '#lib/agent/approvals/untrusted-content.ts'
import type { TurnCast } from '#lib/agent/assistants/turn-cast.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { toLimitsKey } from '#lib/agent/models/turn-model.ts'
import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import { CallReview } from '#lib/agent/tools/call-review.ts'
import { NeededAccounts } from '#lib/agent/tools/needed-accounts.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { ResultFiles } from '#lib/mcp-client/files/result-files.ts'
import type { Asking, TaskKeeping } from '#lib/mcp-client/questions/asking.ts'
import { listServersFor } from '#lib/mcp-client/servers/mcp-servers.ts'

/** The tool servers of one turn, with the review of calls at them. */
export type OpenTools = OpenMcp & { review: CallReview; needed: NeededAccounts; untrusted: UntrustedContent }

type Work = {
  context: TurnContext
  known: ReadContext
  steps: SideEvents<SideStep>
  signal: AbortSignal
  resumed: ResumedRun | undefined
  /** Takes the questions of servers. */
  asking: Asking
  /** Keeps calls that go on as tasks. */
  tasks: TaskKeeping
  /** Asks every server for its tools again. */
  relist: boolean
  /** The assistants of the turn. */
  cast: TurnCast
  /** The model that asks for the calls that are made now. Undefined if no provider's model does. */
  findModel: NonNullable<CallingRun['findModel']>
}

/**
 * Opens the person's tool servers for one turn. A call's progress and end become steps of the turn.
 * The caller has to close them.
 */
export async function openTools(work: Work): Promise<OpenTools> {
  const { context, known, steps, signal, resumed, asking, tasks, relist, cast, findModel } = work
  const { caller, run, builtinFetch } = context
  const servers = await listServersFor(known.person.role)
  const needed = new NeededAccounts(caller, servers)
  const untrusted = new UntrustedContent()
  const review = new CallReview({ ...known, untrusted }, resumed)
  const mcp: OpenMcp = await openMcp(
    {
      ...{ id: run.id, threadId: run.threadId, userId: caller.userId, turnId: known.said?.id, signal, asking, tasks },
      keepFiles: new ResultFiles(caller, run.threadId, signal).keep,
      findAssistantVersion: () => (review.isCommand ? undefined : cast.current.version?.id),
      findModel: () => (review.isCommand ? undefined : findModel()),
      listSources: () => (review.isCommand ? [] : untrusted.listNames()),
      onProgress: (...call) => steps.push((turn) => turn.progress(...call)),
      onSettled: (callId, facts) => {
        needed.noteCall(facts, mcp.connections)
        untrusted.noteCall(facts, mcp.connections)
        steps.push((turn) => turn.settled(callId, facts))
      },
    },
    {
      servers,
      policies: known.policies,
      off: known.off,
      builtinFetch,
      signal,
      relist: relist || resumed !== undefined,
      model: toLimitsKey(known.choice.model),
    },
  )
  try {
    const unavailable = await needed.explain(mcp.unavailable)
    untrusted.noteFiles(known.files)
    untrusted.noteItems(known.items)
    untrusted.noteSummary(known.summary)
    untrusted.noteOutside(known.outside)
    untrusted.noteOrigins(known.origins, servers)
    for (const answered of known.answered) untrusted.noteAnswer(answered, mcp.connections)
    untrusted.noteUnavailable(unavailable)
    return { ...mcp, unavailable, review, needed, untrusted }
  } catch (error) {
    await mcp.close()
    throw error
  }
}

/**
 * What the person is told of servers that cannot be reached and whose tools the assistant would use.
 * A Connect card speaks for itself.
 */
export function unavailableNotices({ unavailable }: Pick<OpenMcp, 'unavailable'>, cast: TurnCast): Notice[] {
  return unavailable
    .filter(({ connect, server }) => connect === undefined && cast.usesServer(server))
    .map(({ server, sentence }) => ({
      type: 'notice',
      level: 'warning',
      title: `The tools of ${server} are not available`,
      message: sentence,
    }))
}
