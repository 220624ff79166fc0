import { withCaller } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

type Owner = { userId: string }
/** The lists whose filters can be saved. */
export type ListName = 'tool-calls' | 'runs'
export type SavedView = { id: string; name: string; query: string }

const VIEWS_MAX = 30
const NAME_MAX_CHARS = 60

/** The caller's own views of a list, by name, 30 at most. */
export function listSavedViews({ userId: ownerId }: Owner, list: ListName): Promise<SavedView[]> {
  return withCaller({ userId: ownerId }, (tx) =>
    tx.savedView.findMany({
      where: { ownerId, list },
      orderBy: { name: 'asc' },
      take: VIEWS_MAX,
      select: { id: true, name: true, query: true },
    }),
  )
}

/**
 * Keeps a list's filters under a name, for the caller alone. The same name again replaces them.
 * Throws bad_request, conflict if there are 30 already.
 */
export async function saveView(
  { userId: ownerId }: Owner,
  { list, name: typed, query }: { list: ListName; name: string; query: string },
): Promise<void> {
  const name = toStorableText(typed).replace(/\s+/g, ' ').trim()
  if (name === '' || name.length > NAME_MAX_CHARS)
    throw new AppError('bad_request', `Give the view a name of at most ${NAME_MAX_CHARS} characters.`)
  await withCaller({ userId: ownerId }, async (tx) => {
    const others = await tx.savedView.count({ where: { ownerId, list, NOT: { name } } })
    if (others >= VIEWS_MAX)
      throw new AppError('conflict', `You have ${VIEWS_MAX} views of this list. Delete one of them first.`)
    const where = { ownerId_list_name: { ownerId, list, name } }
    await tx.savedView.upsert({ where, create: { id: newId('view'), ownerId, list, name, query }, update: { query } })
  })
}

/** Deletes one of the caller's views. Throws not_found. */
export async function deleteView({ userId: ownerId }: Owner, id: string): Promise<void> {
  const where = { id: toStorableText(id), ownerId }
  const { count } = await withCaller({ userId: ownerId }, (tx) => tx.savedView.deleteMany({ where }))
  if (count === 0) throw notFound('This view')
}
