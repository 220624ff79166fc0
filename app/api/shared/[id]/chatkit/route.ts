import { answerReading, READS, Reading } from '#app/api/shared/answer-reading.ts'
import { route } from '#lib/auth/route.ts'
import { createShareStore } from '#lib/data/shares/share-reader.ts'

/** A shared conversation for the chat element: the share with this id, and nothing else. */
export const POST = route({ params: ['id'], limit: READS, body: Reading }, ({ caller, params: { id }, body }) =>
  answerReading(body, createShareStore(caller, id)),
)
