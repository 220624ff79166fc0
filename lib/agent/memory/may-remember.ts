import { TEMPORARY, type Thread } from '#lib/chatkit/protocol/thread.ts'
import { wantsMemory } from '#lib/data/people/memories.ts'
import { env } from '#lib/platform/env.ts'

/** True for a thread that leaves nothing behind: it neither uses memories nor makes any. */
function isTemporary({ metadata }: Pick<Thread, 'metadata'>): boolean {
  return metadata[TEMPORARY] === true
}

/** True if this organisation and this person want memory, and the thread may use it. */
export async function mayRemember(caller: { userId: string }, thread: Pick<Thread, 'metadata'>): Promise<boolean> {
  return env().MEMORY === 'on' && !isTemporary(thread) && (await wantsMemory(caller))
}
