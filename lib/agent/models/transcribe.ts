import { toFile } from 'openai'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import { readSettingsModels } from '#lib/agent/models/catalog/settings-models.ts'
import { isDemo, openModelClient } from '#lib/agent/models/open-model.ts'
import { findServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { makeAccount } from '#lib/agent/models/usage/make-account.ts'
import { RequestMeter } from '#lib/agent/models/usage/request-meter.ts'
import { estimateSpeech, readSpeechUsage } from '#lib/agent/models/usage/speech-usage.ts'
import { isUncharged, UNUSED } from '#lib/agent/models/usage/usage-count.ts'
import { UsageRefusal } from '#lib/agent/models/usage/usage-refusal.ts'
import { env } from '#lib/platform/env.ts'
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

/** True if speech can be turned into text: a model's server is set, and the setting is not off. */
export function canTranscribe(): boolean {
  return !isDemo() && env().OPENAI_TRANSCRIPTION_MODEL !== 'off'
}

/**
 * Turns a recording into text at the model's server. Throws bad_request if there is no such server,
 * if it cannot do that, or if the recording is empty or not understood; unsupported_type for a
 * recording of another kind; limited if a limit of use is reached; unavailable if it fails or takes
 * more than a minute.
 */
export async function transcribe(
  caller: { userId: string },
  { data, mediaType }: { data: Uint8Array; mediaType: string },
): Promise<{ text: string }> {
  if (!canTranscribe()) throw new AppError('bad_request', 'This server cannot turn speech into text.')
  const kind = mediaType.toLowerCase()
  const ending = Object.hasOwn(ENDINGS, kind) && ENDINGS[kind]
  if (!ending)
    throw new AppError('unsupported_type', `Recordings of the type ${mediaType.slice(0, 60)} cannot be read.`)
  if (data.byteLength === 0) throw new AppError('bad_request', 'The recording is empty.')
  const offered = readSettingsModels().find(({ uses }) => uses.includes('transcription'))
  if (!offered) throw new AppError('bad_request', 'This server cannot turn speech into text.')
  const meter = await openMeter(caller, offered, data)
  try {
    const file = await toFile(data, `speech.${ending}`, { type: mediaType })
    const { model } = offered
    const answer: { text?: unknown; usage?: unknown } = await openModelClient().audio.transcriptions.create(
      { file, model },
      { timeout: TIMEOUT_MS },
    )
    const { text } = answer
    meter.settle(readSpeechUsage(answer.usage) ?? estimateSpeech(data, text), 'done')
    if (typeof text !== 'string') throw new Error('the answer has no text')
    return { text }
  } catch (cause) {
    meter.settle(isUncharged(cause) ? UNUSED : estimateSpeech(data), 'failed')
    log.warn({ error: cause }, 'speech could not be turned into text')
    throw failure(cause)
  }
}

async function openMeter(
  { userId }: { userId: string },
  offered: OfferedModel,
  data: Uint8Array,
): Promise<RequestMeter> {
  try {
    const account = makeAccount({ ownerId: userId, purpose: 'transcription' })
    return await RequestMeter.open(account, offered, estimateSpeech(data), undefined)
  } catch (error) {
    throw error instanceof UsageRefusal ? error.toAppError() : error
  }
}

function failure(cause: unknown): AppError {
  const status = findServerError(cause)?.detail.status
  if (status === 404 || status === 405 || status === 501)
    return new AppError(
      'bad_request',
      'The server of the model cannot turn speech into text. An administrator can set OPENAI_TRANSCRIPTION_MODEL.',
      { cause },
    )
  if (status === 400)
    return new AppError('bad_request', 'The recording could not be understood. Record it again.', { cause })
  return new AppError('unavailable', 'Speech cannot be turned into text just now. Try again in a moment.', {
    cause,
    retryAfter: 5,
  })
}
