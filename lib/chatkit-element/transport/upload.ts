import type { CustomApiConfig } from '@openai/chatkit'
import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError, ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'

/** The idle timeout (ms) of an upload. */
const STALLED_MS = 60_000

export type UploadHooks = {
  signal: AbortSignal
  /** The fraction that has been sent, 0 to 1. */
  onProgress: (part: number) => void
  /** Called with the file's id on the server, which may be known before the bytes have arrived. */
  onId: (id: string) => void
}
type Target = { url: string; method: 'POST' | 'PUT'; headers: Record<string, string> }

/**
 * Uploads a file by the page's `uploadStrategy` (protocol section 1.11). Throws ApiError with the
 * server's message (empty if it sent none), ConnectionError if the file could not be sent, an Error if the server's answer
 * is invalid, or the signal's reason.
 */
export async function upload(file: File, api: Api, config: CustomApiConfig, hooks: UploadHooks): Promise<Attachment> {
  const { uploadStrategy: strategy } = config
  if (!strategy) throw new Error('composer.attachments needs api.uploadStrategy.')
  if (strategy.type === 'direct') return uploadDirectly(file, strategy.uploadUrl, config.fetch, hooks)
  const { upload_descriptor: target, ...attachment } = await api.query<Attachment>(
    'attachments.create',
    { name: file.name, size: file.size, mime_type: file.type || 'application/octet-stream' },
    hooks.signal,
  )
  hooks.onId(attachment.id)
  if (target) await transfer(target, target.method === 'PUT' ? file : toForm(file), hooks)
  return attachment
}

/**
 * A page's own `fetch` signs its requests, but reports no progress; without one, XMLHttpRequest
 * reports it.
 */
async function uploadDirectly(
  file: File,
  url: string,
  custom: typeof fetch | undefined,
  hooks: UploadHooks,
): Promise<Attachment> {
  const body = toForm(file)
  const text = custom
    ? await uploadByFetch(custom, url, body, hooks.signal)
    : await transfer({ url, method: 'POST', headers: { accept: 'application/json' } }, body, hooks)
  const attachment = parsed(text)
  if (typeof attachment?.id !== 'string') throw new Error('The upload URL did not answer with an attachment.')
  hooks.onId(attachment.id)
  return attachment as Attachment
}

async function uploadByFetch(custom: typeof fetch, url: string, body: FormData, signal: AbortSignal): Promise<string> {
  try {
    const response = await custom(url, { method: 'POST', headers: { accept: 'application/json' }, body, signal })
    const text = await response.text()
    if (!response.ok) throw toRefusal(text, response.status)
    return text
  } catch (cause) {
    if (signal.aborted || cause instanceof ApiError) throw cause
    throw toLostError(cause)
  }
}

/** Sends the bytes with XMLHttpRequest, the only API that reports upload progress. */
function transfer(
  { url, method, headers }: Target,
  body: File | FormData,
  { signal, onProgress }: UploadHooks,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const cancel = () => request.abort()
    let timer = setTimeout(cancel, STALLED_MS)
    request.open(method, url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => {
      clearTimeout(timer)
      timer = setTimeout(cancel, STALLED_MS)
      if (total > 0) onProgress(loaded / total)
    }
    request.onloadend = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      if (request.status >= 200 && request.status < 300) resolve(request.responseText)
      else if (signal.aborted) reject(signal.reason)
      else reject(request.status ? toRefusal(request.responseText, request.status) : toLostError(undefined))
    }
    signal.addEventListener('abort', cancel)
    if (signal.aborted) reject(signal.reason)
    else request.send(body)
  })
}

function toForm(file: File): FormData {
  const form = new FormData()
  form.append('file', file, file.name)
  return form
}

function toRefusal(text: string, status: number): ApiError {
  const message = parsed(text)?.message
  return new ApiError(typeof message === 'string' ? message : '', status)
}

function toLostError(cause: unknown): ConnectionError {
  return new ConnectionError('The connection was lost.', { cause })
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
