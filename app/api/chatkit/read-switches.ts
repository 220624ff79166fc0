import { z } from 'zod'
import type { SwitchedOff } from '#lib/data/chat/switched-off-tools.ts'
import { AppError } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

const Name = z.string().min(1).max(500).transform(toStorableText)
const Switches = z.array(z.object({ server: Name, tool: Name.optional() })).max(500)

/**
 * What a person switched off before the first message of a new conversation: our chat page sends it
 * as `metadata.switched_off` of `threads.create`. Throws bad_request, because a turn must not begin
 * with more tools than its person wants.
 */
export function readSwitches(body: unknown): SwitchedOff[] {
  const { type, metadata } = (body ?? {}) as { type?: unknown; metadata?: { switched_off?: unknown } | null }
  if (type !== 'threads.create' || metadata?.switched_off === undefined) return []
  const { data } = Switches.safeParse(metadata.switched_off)
  if (!data) throw new AppError('bad_request', 'metadata.switched_off must name servers and tools.')
  return data.map(({ server, tool }) => ({ server, ...(tool !== undefined && { tool }) }))
}
