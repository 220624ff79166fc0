import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'

/** Stands for every tool of a server. */
const ALL = '*'
/** How many tools and servers can be off in one conversation. */
const MAX = 2_000

/** A tool that is off in a conversation, under its name at the server. Without one, all of the server's. */
export type SwitchedOff = { server: string; tool?: string }

type Owner = { userId: string }

/** What the person switched off in their conversation, 2,000 entries at most. */
export async function listSwitchedOff({ userId }: Owner, threadId: string): Promise<SwitchedOff[]> {
  const rows = await runStatementAs<{ server: string; tool: string }>(
    { userId },
    Prisma.sql`
      SELECT server, tool FROM switched_off_tools
      WHERE thread_id = ${threadId} AND owner_id = ${userId} ORDER BY server, tool LIMIT ${MAX}::integer`,
  )
  return rows.map(({ server, tool }) => ({ server, ...(tool !== ALL && { tool }) }))
}

/** True if this tool, or its whole server, is off in the person's conversation at this moment. */
export async function isSwitchedOffNow(
  { userId }: Owner,
  threadId: string,
  { server, tool }: Required<SwitchedOff>,
): Promise<boolean> {
  const rows = await runStatementAs<{ server: string }>(
    { userId },
    Prisma.sql`
      SELECT server FROM switched_off_tools
      WHERE thread_id = ${threadId} AND owner_id = ${userId} AND server = ${server} AND tool IN (${tool}, ${ALL}) LIMIT 1`,
  )
  return rows.length > 0
}

/**
 * Switches tools of the person's conversation off. What is off already stays so. Throws not_found
 * for a conversation that is not theirs, and conflict if more than 2,000 would be off.
 */
export async function switchOff({ userId: ownerId }: Owner, threadId: string, entries: SwitchedOff[]): Promise<void> {
  if (entries.length === 0) return
  await withCaller({ userId: ownerId }, async (tx) => {
    // Locked, so that two requests at once cannot pass the limit together.
    const [thread] = await tx.$queryRaw<object[]>`
      SELECT id FROM threads WHERE id = ${threadId} AND owner_id = ${ownerId} FOR UPDATE`
    if (!thread) throw notFound('The conversation')
    const data = entries.map(({ server, tool = ALL }) => ({ threadId, ownerId, server, tool }))
    await tx.switchedOffTool.createMany({ data, skipDuplicates: true })
    if ((await tx.switchedOffTool.count({ where: { threadId, ownerId } })) > MAX)
      throw new AppError('conflict', `No more than ${MAX.toLocaleString('en')} tools can be off in one conversation.`)
  })
}

/**
 * Switches a tool on again, or with no tool its server, whose tools that are off by themselves stay
 * so. Throws not_found for a conversation that is not the person's.
 */
export async function switchOn({ userId: ownerId }: Owner, threadId: string, entry: SwitchedOff): Promise<void> {
  const { server, tool = ALL } = entry
  await withCaller({ userId: ownerId }, async (tx) => {
    const thread = await tx.thread.findFirst({ where: { id: threadId, ownerId }, select: { id: true } })
    if (!thread) throw notFound('The conversation')
    await tx.switchedOffTool.deleteMany({ where: { threadId, ownerId, server, tool } })
  })
}
