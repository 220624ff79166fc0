import { z } from 'zod'
import { findChosenSlug } from '#lib/agent/assistants/find-chosen-slug.ts'
import { findOrganisation } from '#lib/agent/assistants/list-assistants.ts'
import { type Place, TurnCast } from '#lib/agent/assistants/turn-cast.ts'
import { listUsableAssistants } from '#lib/agent/assistants/usable-assistants.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { readOwnWords } from '#lib/data/people/own-words.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { noteListChange } from '#lib/mcp-client/lists/list-changes.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'
import type { RunHandle } from '#lib/runs/run-handle.ts'

const NOBODY: Place = { base: DEFAULT_SLUG, current: DEFAULT_SLUG }
const Kept = z.object({ base: z.string(), current: z.string() }).catch(NOBODY)

/**
 * Reads who answers a turn: the assistant that its message chooses, or the one that the thread keeps.
 * If the person may not use it any more, the one that they chose before or the default does, and
 * `notices` say so. The thread keeps each change.
 */
export async function readCast(
  { thread, input, store }: Pick<Turn, 'thread' | 'input' | 'store'>,
  { caller, run }: { caller: Caller; run: RunHandle },
): Promise<{ cast: TurnCast; notices: Notice[] }> {
  const readUsable = async () => {
    const person = await findPerson(caller.userId)
    return person ? listUsableAssistants(person) : []
  }
  const [usable, organisation, own] = await Promise.all([readUsable(), findOrganisation(), readOwnWords(caller)])
  if (usable.length === 0) throw new AppError('unauthenticated', 'This account can no longer be used.')
  const chosen = input === null ? undefined : findChosenSlug(input)
  let kept = findKeptPlace(thread)
  const wanted = chosen === undefined ? kept : { base: chosen, current: chosen }
  const isUsable = (slug: string) => usable.some((assistant) => assistant.slug === slug)
  const base = isUsable(wanted.base) ? wanted.base : DEFAULT_SLUG
  const place = { base, current: isUsable(wanted.current) ? wanted.current : base }
  const onChange: ConstructorParameters<typeof TurnCast>[0]['onChange'] = async (now, { version }) => {
    keep(thread, now)
    run.report({ assistantVersionId: version?.id ?? null })
    if (now.current === kept.current) return
    kept = now
    // An open panel that hears of it reads who answers, and so does the next process after a crash.
    await store.changeThread(thread.id, { metadata: thread.metadata })
    noteListChange(caller.userId)
  }
  const cast = new TurnCast({ usable, place, organisation, own, onChange, readUsable })
  await onChange(place, cast.current)
  if (isUsable(wanted.current)) return { cast, notices: [] }
  const message = `This assistant is not available to you any more, so ${cast.current.config.name} answers.`
  return { cast, notices: [{ type: 'notice', level: 'info', message }] }
}

/** Who answers in a thread, as it was kept last. */
export function findKeptPlace({ metadata }: Pick<Thread, 'metadata'>): Place {
  return Kept.parse(metadata.assistant)
}

/** Keeps who answers in the thread. The default alone needs no entry. */
function keep(thread: Thread, place: Place): void {
  const { assistant: _, ...others } = thread.metadata
  const isDefault = place.base === DEFAULT_SLUG && place.current === DEFAULT_SLUG
  thread.metadata = isDefault ? others : { ...others, assistant: place }
}
