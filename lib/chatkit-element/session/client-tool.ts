import type { ClientToolCallItem } from '#lib/chatkit/protocol/items.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'

/** The page's answer to a client tool call. A tool that is missing or throws answers its error: the assistant must not wait for ever. */
export async function callClientTool(call: ClientToolCallItem, host: Host): Promise<unknown> {
  const { onClientTool } = host.options()
  try {
    if (!onClientTool) throw new Error(`The page has no handler for the client tool "${call.name}".`)
    return (await onClientTool({ name: call.name, params: call.arguments })) ?? {}
  } catch (error) {
    host.emit('chatkit.error', { error: toError(error) })
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
