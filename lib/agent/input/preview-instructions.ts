import { findOrganisation } from '#lib/agent/assistants/list-assistants.ts'
import { toPlaceFacts } from '#lib/agent/assistants/to-place-facts.ts'
import { toTurnFacts, writeInstructions } from '#lib/agent/input/instructions.ts'
import { introduce, writeBrief } from '#lib/agent/input/write-brief.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { notFound } from '#lib/platform/errors.ts'

/**
 * The instructions that a turn of this person would begin with now. The person's own words stay
 * theirs: a line stands for them. Throws not_found if there is no such person.
 */
export async function previewInstructions(
  assistant: { slug: string; name: string; instructions: string },
  userId: string,
): Promise<string> {
  const [person, organisation] = await Promise.all([findPerson(userId), findOrganisation()])
  if (!person) throw notFound('The person')
  const now = new Date()
  const facts = toPlaceFacts(person, organisation, now)
  const own = { about: '(what the person wrote under Settings, which is theirs and not shown here)', howToAnswer: '' }
  const brief = writeBrief({ assistant, organisation, own, facts })
  return writeInstructions({ ...toTurnFacts(person, now, []), introduction: introduce(assistant), brief })
}
