import { toFile } from 'openai'
import { findModelForUse } from '#lib/agent/models/catalog/models-for.ts'
import { openModelClient } from '#lib/agent/models/open-model.ts'
import { findServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { makeAccount } from '#lib/agent/models/usage/make-account.ts'
import { meterSpeech } from '#lib/agent/models/usage/meter-speech.ts'
import { refuseIfUsedUp } from '#lib/agent/models/usage/request-meter.ts'
import { findUsageRefusal } from '#lib/agent/models/usage/usage-refusal.ts'
import type { AudienceMember } from '#lib/data/audience.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

const TIMEOUT_MS = 60_000

/** What browsers record, with the file extension by which the model's server knows it. */
const ENDINGS: Record<string, string> = {
  'audio/webm': 'webm',
  'audio/ogg': 'ogg',
  'audio/mp4': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/flac': 'flac',
}

/** True if a model is offered to this person that turns speech into text. */
export async function canTranscribe(person: AudienceMember): Promise<boolean> {
  return (await findModelForUse(person, 'transcription')) !== undefined
}

/**
 * Turns a recording of this person into text, at the model that was named for that. Throws
 * bad_request if there is none, if its server cannot do that, or if the recording is empty or not
 * understood; unsupported_type for a recording of another kind; limited if a limit of use is
 * reached; unavailable if it fails or takes more than a minute.
 */
export async function transcribe(
  person: AudienceMember,
  { data, mediaType }: { data: Uint8Array; mediaType: string },
): Promise<{ text: string }> {
  const named = await findModelForUse(person, 'transcription')
  if (!named) throw new AppError('bad_request', 'This server cannot turn speech into text.')
  const kind = mediaType.toLowerCase()
  const ending = Object.hasOwn(ENDINGS, kind) && ENDINGS[kind]
  if (!ending)
    throw new AppError('unsupported_type', `Recordings of the type ${mediaType.slice(0, 60)} cannot be read.`)
  if (data.byteLength === 0) throw new AppError('bad_request', 'The recording is empty.')
  const ask = async () => {
    const file = await toFile(data, `speech.${ending}`, { type: mediaType })
    const line = { beforeRetry: () => refuseIfUsedUp(person.id) }
    const client = await openModelClient(named, { line })
    return client.audio.transcriptions.create({ file, model: named.model }, { timeout: TIMEOUT_MS })
  }
  try {
    const account = makeAccount({ ownerId: person.id, purpose: 'transcription' })
    const { text } = await meterSpeech(data, ask, { account, offered: named })
    if (typeof text !== 'string') throw new Error('the answer has no text')
    return { text }
  } catch (cause) {
    const refusal = findUsageRefusal(cause)
    if (refusal) throw refusal.toAppError()
    log.warn({ error: cause }, 'speech could not be turned into text')
    throw failure(cause)
  }
}

function failure(cause: unknown): AppError {
  const status = findServerError(cause)?.detail.status
  if (status === 404 || status === 405 || status === 501)
    return new AppError(
      'bad_request',
      'The server of the model cannot turn speech into text. An administrator can name another one (the page Models, or OPENAI_TRANSCRIPTION_MODEL).',
      { cause },
    )
  if (status === 400)
    return new AppError('bad_request', 'The recording could not be understood. Record it again.', { cause })
  return new AppError('unavailable', 'Speech cannot be turned into text just now. Try again in a moment.', {
    cause,
    retryAfter: 5,
  })
}
