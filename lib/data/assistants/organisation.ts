import { recordAudit } from '#lib/data/audit.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'

/** What holds for every assistant. `revision` is 0 if nothing was ever saved. */
export type Organisation = { name: string; instructions: string; revision: number }

const ID = 'organisation'

export async function readOrganisation(): Promise<Organisation> {
  const row = await withSystem('assistants', (tx) => tx.organisation.findUnique({ where: { id: ID } }))
  return { name: row?.name ?? '', instructions: row?.instructions ?? '', revision: row?.revision ?? 0 }
}

/**
 * Saves what holds for every assistant. `revision` is the one that was changed. Only for callers
 * whose admin role was checked. Throws conflict if somebody else saved meanwhile.
 */
export async function saveOrganisation(admin: Caller, { name, instructions, revision }: Organisation): Promise<void> {
  const data = { name, instructions, revision: revision + 1, updatedBy: admin.userId }
  const count = await withSystem('assistants', async (tx) => {
    if (revision === 0)
      return (await tx.organisation.createMany({ data: { id: ID, ...data }, skipDuplicates: true })).count
    return (await tx.organisation.updateMany({ where: { id: ID, revision }, data })).count
  })
  if (count === 0)
    throw new AppError('conflict', 'Somebody else has saved this meanwhile. Look at what they wrote, then save again.')
  await recordAudit({ action: 'organisation_changed', actorId: admin.userId, detail: { name } })
}
