import { lockPerson } from '#lib/data/person-lock.ts'
import { expirePendingApprovals } from '#lib/data/runs/approvals/approvals.ts'
import { expirePendingQuestions } from '#lib/data/runs/questions/questions.ts'
import { stopRunsOf } from '#lib/data/runs/runs.ts'
import { endTasksOf } from '#lib/data/runs/tasks/server-tasks.ts'
import type { Tx } from '#lib/platform/db/db.ts'

/** Why all access of a person ended. The run, the ledger and the person get this sentence. */
const ACCESS_ENDINGS = {
  address_proven: 'The address of this account was proven for the first time, which ended all that was begun before.',
  account_disabled: 'This account was disabled by an administrator.',
  account_deleted: 'This account was deleted.',
  password_changed: 'The password of this account was changed.',
  password_reset: 'The password of this account was reset.',
  signed_out_everywhere: 'This account was signed out everywhere.',
  signed_out_by_admin: 'An administrator signed this account out everywhere.',
} as const

/** The channel on which processes learn that a person's sessions may have ended. The payload is the person's id. */
export const ACCESS_CHANNEL = 'switchboard_access'

export type AccessEnding = keyof typeof ACCESS_ENDINGS

/**
 * Ends everything that acts for a person, within `tx`: sessions and tokens that carry the session
 * version, every run on every replica, and every pending approval, question and task. `keptSession` is the session from which
 * the person does this and that goes on. Returns the new session version. The commit notifies the processes of the
 * runs and of open streams.
 */
export async function endAccess(tx: Tx, userId: string, why: AccessEnding, keptSession?: string): Promise<number> {
  await tx.$executeRaw(lockPerson(userId))
  const { sessionVersion } = await tx.user.update({
    where: { id: userId },
    data: { sessionVersion: { increment: 1 } },
    select: { sessionVersion: true },
  })
  // What is recorded of the others goes at the next use of this one.
  if (keptSession !== undefined)
    await tx.session.updateMany({ where: { ownerId: userId, id: keptSession }, data: { version: sessionVersion } })
  await tx.$executeRaw`SELECT pg_notify(${ACCESS_CHANNEL}, ${userId})`
  await stopRunsOf(tx, userId, ACCESS_ENDINGS[why])
  await expirePendingApprovals(tx, userId)
  await expirePendingQuestions(tx, userId)
  await endTasksOf(tx, userId)
  return sessionVersion
}
