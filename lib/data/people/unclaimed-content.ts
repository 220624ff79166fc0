import { deleteBytesOf, listAttachmentIdsBefore } from '#lib/data/attachments/attachment-expiry.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'

/** The most names listed of each kind, next to the total. */
const NAMED_MAX = 20

type Owner = { userId: string }

/**
 * The content of an account from before its address was proven, by kind: the total and the names of
 * the newest.
 */
export type UnclaimedContent = {
  kind: 'conversations' | 'tasks' | 'notes' | 'facts' | 'files' | 'wishes'
  count: number
  names: string[]
}[]

/**
 * True until the person has decided about content from before their address was proven. Checked for
 * every page.
 */
export async function hasUnclaimedContent({ userId }: Owner): Promise<boolean> {
  const [found] = await runStatementAs<{ unclaimed: boolean }>(
    { userId },
    Prisma.sql`
      SELECT EXISTS (SELECT FROM threads WHERE owner_id = ${userId} AND created_at < person.unclaimed_before)
        OR EXISTS (SELECT FROM tasks WHERE owner_id = ${userId} AND created_at < person.unclaimed_before)
        OR EXISTS (SELECT FROM notes WHERE owner_id = ${userId} AND created_at < person.unclaimed_before)
        OR EXISTS (SELECT FROM memories WHERE owner_id = ${userId} AND created_at < person.unclaimed_before)
        OR EXISTS (SELECT FROM attachments WHERE owner_id = ${userId} AND created_at < person.unclaimed_before)
        OR EXISTS (SELECT FROM own_words WHERE owner_id = ${userId} AND updated_at < person.unclaimed_before) AS unclaimed
      FROM users AS person WHERE person.id = ${userId} AND person.unclaimed_before IS NOT NULL`,
  )
  return found?.unclaimed ?? false
}

/** Lists that content for the person to review. Kinds without content are left out. */
export function listUnclaimedContent({ userId }: Owner): Promise<UnclaimedContent> {
  return runStatementAs<UnclaimedContent[number]>(
    { userId },
    Prisma.sql`
      WITH found (kind, name, made) AS (
        SELECT 'conversations', coalesce(title, 'A conversation without a name'), created_at FROM threads WHERE owner_id = ${userId}
        UNION ALL SELECT 'tasks', title, created_at FROM tasks WHERE owner_id = ${userId}
        UNION ALL SELECT 'notes', title, created_at FROM notes WHERE owner_id = ${userId}
        UNION ALL SELECT 'facts', text, created_at FROM memories WHERE owner_id = ${userId}
        UNION ALL SELECT 'files', data ->> 'name', created_at FROM attachments WHERE owner_id = ${userId}
        UNION ALL SELECT 'wishes', trim(concat_ws(' ', about, how_to_answer)), updated_at FROM own_words WHERE owner_id = ${userId}
      )
      SELECT kind, count(*)::integer AS count, (array_agg(found.name ORDER BY made DESC))[1:${NAMED_MAX}::integer] AS names
      FROM found JOIN users AS person ON person.id = ${userId} AND found.made < person.unclaimed_before
      GROUP BY kind ORDER BY kind`,
  )
}

/**
 * Keeps all of it as the person's own, or deletes it together with the bytes of its files. Does
 * nothing if there is nothing to decide.
 */
export async function decideUnclaimedContent(owner: Owner, decision: 'keep' | 'delete'): Promise<void> {
  const files = await withCaller(owner, async (tx) => {
    const { unclaimedBefore: before } = await tx.user.findUniqueOrThrow({
      where: { id: owner.userId },
      select: { unclaimedBefore: true },
    })
    if (!before) return null
    await tx.user.updateMany({ where: { id: owner.userId }, data: { unclaimedBefore: null } })
    return decision === 'delete' ? deleteBefore(tx, owner.userId, before) : []
  })
  if (!files) return
  await deleteBytesOf(owner.userId, files)
  await recordAudit({
    action: 'earlier_content_decided',
    actorId: owner.userId,
    subject: owner.userId,
    detail: { decision },
  })
}

/** Returns the ids of the files whose bytes must be deleted, too. */
async function deleteBefore(tx: Tx, ownerId: string, before: Date): Promise<string[]> {
  const where = { ownerId, createdAt: { lt: before } }
  const files = await listAttachmentIdsBefore(tx, ownerId, before)
  await tx.attachment.deleteMany({ where })
  await tx.thread.deleteMany({ where })
  await tx.task.deleteMany({ where })
  await tx.note.deleteMany({ where })
  await tx.memory.deleteMany({ where })
  // Each turn reads them: what somebody else wrote must not go on instructing.
  await tx.ownWords.deleteMany({ where: { ownerId, updatedAt: { lt: before } } })
  return files
}
