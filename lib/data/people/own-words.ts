import { withCaller } from '#lib/platform/db/db.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** What a person wants assistants to know: about themselves, and how to answer. */
export type OwnWords = { about: string; howToAnswer: string }

/** The longest text (characters) of each of the two. */
export const OWN_WORDS_MAX_CHARS = 3_000

export async function readOwnWords(caller: { userId: string }): Promise<OwnWords> {
  const row = await withCaller(caller, (tx) => tx.ownWords.findFirst({ where: { ownerId: caller.userId } }))
  return { about: row?.about ?? '', howToAnswer: row?.howToAnswer ?? '' }
}

export async function saveOwnWords(caller: { userId: string }, { about, howToAnswer }: OwnWords): Promise<void> {
  const { userId: ownerId } = caller
  const data = { about: toStorableText(about).trim(), howToAnswer: toStorableText(howToAnswer).trim() }
  await withCaller(caller, (tx) =>
    tx.ownWords.upsert({ where: { ownerId }, create: { ownerId, ...data }, update: data }),
  )
}
