import { expectOk, type Visitor } from '#scripts/local/first-visit.ts'

/**
 * Announces a file to a running server and sends its bytes, as the chat does. Resolves to the file's
 * path at the server and the server's answer to the bytes, which may be a refusal.
 */
export async function uploadFile(
  visitor: Visitor,
  { name, mimeType, bytes }: { name: string; mimeType: string; bytes: Uint8Array<ArrayBuffer> },
): Promise<{ pathname: string; answer: Response }> {
  const announced = await expectOk(visitor, '/api/chatkit', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'attachments.create', params: { name, size: bytes.length, mime_type: mimeType } }),
  })
  const { upload_descriptor: to } = (await announced.json()) as {
    upload_descriptor: { url: string; method: string; headers: Record<string, string> }
  }
  const cookie = [...visitor.cookies].map(([key, value]) => `${key}=${value}`).join('; ')
  const answer = await fetch(to.url, { method: to.method, headers: { ...to.headers, cookie }, body: bytes })
  return { pathname: new URL(to.url).pathname, answer }
}
