import { lockPerson } from '#lib/data/person-lock.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, withCaller } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

type Owner = { userId: string }

/** A fact that a person keeps for later conversations: one line of visible text. */
export type Memory = { id: string; text: string; updatedAt: Date }

/** The longest memory (characters), and the most that a person has. */
export const MEMORY_MAX_CHARS = 300
const MEMORIES_MAX = 200

/** The caller's memories, the latest first, 200 at most. */
export function listMemories(caller: Owner): Promise<Memory[]> {
  return runStatementAs<Memory>(
    caller,
    Prisma.sql`
      SELECT id, text, updated_at AS "updatedAt" FROM memories WHERE owner_id = ${caller.userId}
      ORDER BY updated_at DESC, id DESC LIMIT ${MEMORIES_MAX}::integer`,
  )
}

/**
 * Keeps a fact. The same `id` or the same words a second time change nothing. Throws conflict if the
 * person has 200 memories.
 */
export async function addMemory(caller: Owner, text: MemoryText, id = newId('mem')): Promise<void> {
  const { userId: ownerId } = caller
  await withCaller(caller, async (tx) => {
    // Serialized, because two at once would each find room for one more.
    await tx.$executeRaw(lockPerson(ownerId))
    const same = { ownerId, OR: [{ id }, { text: { equals: text, mode: 'insensitive' as const } }] }
    if (await tx.memory.findFirst({ where: same, select: { id: true } })) return
    if ((await tx.memory.count({ where: { ownerId } })) >= MEMORIES_MAX)
      throw new AppError('conflict', `You have ${MEMORIES_MAX} memories. Delete some under Settings, Memory first.`)
    await tx.memory.create({ data: { id, ownerId, text } })
  })
}

/** Changes the words of a memory. Throws not_found. */
export async function changeMemory(caller: Owner, id: string, text: MemoryText): Promise<void> {
  const where = { id: toStorableText(id), ownerId: caller.userId }
  const { count } = await withCaller(caller, (tx) => tx.memory.updateMany({ where, data: { text } }))
  if (count === 0) throw notFound('This memory')
}

/** Deletes a memory. Throws not_found. */
export async function deleteMemory(caller: Owner, id: string): Promise<void> {
  const where = { id: toStorableText(id), ownerId: caller.userId }
  const { count } = await withCaller(caller, (tx) => tx.memory.deleteMany({ where }))
  if (count === 0) throw notFound('This memory')
}

export async function deleteAllMemories(caller: Owner): Promise<void> {
  await withCaller(caller, (tx) => tx.memory.deleteMany({ where: { ownerId: caller.userId } }))
}

/** True unless the person has switched memory off for themselves. */
export async function wantsMemory(caller: Owner): Promise<boolean> {
  const [person] = await runStatementAs<{ off: boolean }>(
    caller,
    Prisma.sql`SELECT memory_off AS off FROM users WHERE id = ${caller.userId}`,
  )
  return person?.off === false
}

/** Switches memory on or off for the caller. What is kept stays, and is not used while it is off. */
export async function setWantsMemory(caller: Owner, wants: boolean): Promise<void> {
  await withCaller(caller, (tx) => tx.user.updateMany({ where: { id: caller.userId }, data: { memoryOff: !wants } }))
}

/** A text as it is kept: one line, in which nothing is hidden, so that people see what models read. */
export type MemoryText = string & { readonly brand: 'memory' }

/** The words as they are kept. Not to be used twice: what was made visible would be marked again. Throws bad_request, too_large. */
export function requireMemoryText(words: string): MemoryText {
  const text = toMemoryText(words)
  if (text === '') throw new AppError('bad_request', 'Write what is to be remembered.')
  if (text.length > MEMORY_MAX_CHARS)
    throw new AppError('too_large', `A memory has ${MEMORY_MAX_CHARS} characters at most.`)
  return text as MemoryText
}

function toMemoryText(words: string): string {
  // Longer texts are refused anyway.
  return toVisibleText(
    toStorableText(cutText(words, MEMORY_MAX_CHARS * 4))
      .replace(/\s+/g, ' ')
      .trim(),
  )
}
