import type { ChatKitOptions } from '@openai/chatkit'
import type { ShownCall } from '#lib/chatkit/protocol/shown-call.ts'

/** Reads a tool call below `callsUrl`. Resolves to null if the server does not give it. */
export async function readCall(
  callsUrl: string,
  { run_id, call_id }: { run_id: string; call_id: string },
  { api }: ChatKitOptions,
): Promise<ShownCall | null> {
  const send = ('fetch' in api && api.fetch) || ((...request: Parameters<typeof fetch>) => fetch(...request))
  try {
    const response = await send(`${callsUrl}/${encodeURIComponent(run_id)}/${encodeURIComponent(call_id)}`)
    return response.ok ? ((await response.json()) as ShownCall) : null
  } catch {
    // The person is told that it could not be read, and may open it again.
    return null
  }
}
