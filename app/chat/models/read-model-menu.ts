import { findEntryId, type ModelEntry, toModelEntries } from '#lib/agent/models/catalog/model-choice.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { findLastModelChoice, listThreadModelChoices } from '#lib/data/chat/model-choices.ts'

/**
 * The composer's menu of models for a person, and what it shows at first: in a new conversation the
 * person's last choice, in another one what was chosen there.
 */
export type ModelMenu = { entries: ModelEntry[]; last: string; ofThreads: Record<string, string> }

/** Reads the menu. Its entries are empty if there is nothing to choose. */
export async function readModelMenu(caller: { userId: string }, offered: OfferedModel[]): Promise<ModelMenu> {
  const entries = toModelEntries(offered)
  if (entries.length === 0) return { entries, last: '', ofThreads: {} }
  const [last, ofThreads] = await Promise.all([findLastModelChoice(caller), listThreadModelChoices(caller)])
  return {
    entries,
    last: findEntryId(offered, last),
    ofThreads: Object.fromEntries(ofThreads.map(({ threadId, choice }) => [threadId, findEntryId(offered, choice)])),
  }
}
