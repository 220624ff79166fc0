import { type AssistantsFile, readAssistantsFile } from '#lib/agent/assistants/assistants-file.ts'
import type { KnownAssistant } from '#lib/agent/assistants/known-assistant.ts'
import { AssistantConfig, DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { listPageAssistants, noteFileAssistants, type StoredAssistant } from '#lib/data/assistants/assistants.ts'
import { type Organisation, readOrganisation } from '#lib/data/assistants/organisation.ts'
import { type AudienceMember, EVERYBODY, isInAudience } from '#lib/data/audience.ts'
import { processState } from '#lib/platform/process-state.ts'

/** The default assistant as it is before anybody changes it. */
const BUILT_IN: KnownAssistant = {
  slug: DEFAULT_SLUG,
  origin: 'built-in',
  version: null,
  config: AssistantConfig.parse({ name: 'Switchboard', handovers: { kind: 'all' } }),
}

/**
 * Every assistant, the default first, then by name. Read from the database now, so that a change
 * counts at once. Of two with one slug, that of the file counts. Everybody may use the default, and
 * it uses no model that only some may use.
 */
export async function listAssistants(): Promise<KnownAssistant[]> {
  const [files, pages] = await Promise.all([listFileAssistants(), listPageAssistants()])
  const bySlug = new Map([...pages, ...files].map((stored) => [stored.slug, toKnown(stored)]))
  const own = bySlug.get(DEFAULT_SLUG) ?? BUILT_IN
  bySlug.delete(DEFAULT_SLUG)
  const others = [...bySlug.values()].sort((one, other) => one.config.name.localeCompare(other.config.name, 'en'))
  return [{ ...own, config: { ...own.config, audience: EVERYBODY } }, ...others]
}

const noted = processState(
  'assistants of the file',
  (): { last?: { content: AssistantsFile; stored: Promise<StoredAssistant[]> } } => ({}),
)

/** The file's assistants. Each content of the file is stored once by this process. */
function listFileAssistants(): Promise<StoredAssistant[]> {
  const content = readAssistantsFile()
  const known = noted().last
  if (known?.content === content) return known.stored
  const stored = noteFileAssistants(content.assistants)
  noted().last = { content, stored }
  stored.catch(() => {
    noted().last = undefined
  })
  return stored
}

/** The assistants that this person may use, the default first. */
export async function listAssistantsFor(person: AudienceMember): Promise<KnownAssistant[]> {
  return (await listAssistants()).filter(({ config }) => isInAudience(person, config.audience))
}

/** What holds for every assistant: what the file says, or else the page. */
export async function findOrganisation(): Promise<Organisation & { isOfFile: boolean }> {
  const { organisation } = readAssistantsFile()
  if (organisation) return { ...organisation, revision: 0, isOfFile: true }
  return { ...(await readOrganisation()), isOfFile: false }
}

function toKnown({ slug, origin, config, versionId: id, number, savedAt }: StoredAssistant): KnownAssistant {
  return { slug, origin, config, version: { id, number, savedAt } }
}
