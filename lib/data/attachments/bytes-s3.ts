import { AwsClient } from 'aws4fetch'
import type { ByteStore } from '#lib/data/attachments/byte-store.ts'
import { AppError } from '#lib/platform/errors.ts'

const TIMEOUT_MS = 60_000
const RETRIES = 2

/** `url` is the endpoint with the bucket in its path. */
type Bucket = { url: string; region: string; accessKeyId: string; secretAccessKey: string }

/**
 * Stores bytes in a bucket of an S3-compatible store. Throws unavailable if the store does not
 * answer correctly within a minute.
 */
export function openS3Bytes({ url, ...keys }: Bucket): ByteStore {
  const client = new AwsClient({ ...keys, service: 's3', retries: RETRIES })

  async function ask(method: 'PUT' | 'GET' | 'DELETE', key: string, body?: Uint8Array): Promise<Response> {
    const headers: Record<string, string> = body
      ? { 'content-type': 'application/octet-stream', 'content-length': String(body.byteLength) }
      : {}
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const response = await client.fetch(`${url}/${key}`, {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(body && { body: Buffer.from(body) }),
      })
      if (response.ok || response.status === 404) return response
      throw new Error(`the store of attachments answered ${response.status} to ${method}`)
    } catch (cause) {
      throw new AppError('unavailable', 'The store of attachments cannot be reached just now. Try again in a moment.', {
        cause,
        retryAfter: 5,
      })
    }
  }

  return {
    async write(key, bytes) {
      const { status } = await ask('PUT', key, bytes)
      if (status === 404)
        throw new AppError('unavailable', 'The store of attachments has no such bucket. Tell your administrator.')
    },
    async read(key) {
      const response = await ask('GET', key)
      return response.status === 404 ? null : new Uint8Array(await response.arrayBuffer())
    },
    delete: async (key) => void (await ask('DELETE', key)),
  }
}
