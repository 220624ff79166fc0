import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { findSlugOfVersion } from '#lib/data/assistants/assistant-versions.ts'
import { findVersionOfCall } from '#lib/data/runs/earlier-tool-calls.ts'

/** The slug of the assistant that asked for a call of the ledger. By now another one may answer. */
export async function findCallingAssistant(caller: { userId: string }, rowId: string): Promise<string | undefined> {
  const versionId = await findVersionOfCall(caller, rowId)
  return versionId === null ? DEFAULT_SLUG : findSlugOfVersion(versionId)
}
