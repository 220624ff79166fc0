import type { ClientToolCallItem } from '#lib/chatkit/protocol/items.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'

/**
 * Asks the page for the result of a client tool call. If the handler is missing or throws, the
 * result is its error, so that the assistant does not wait forever.
 */
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
