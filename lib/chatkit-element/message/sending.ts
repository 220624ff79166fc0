import type { Outgoing } from '#lib/chatkit-element/message/outgoing.ts'

/**
 * A message being sent: `id` is its request id, `threadId` the thread that shows it; `isNew` if it
 * begins the thread. `replaces` is the message of the thread that was edited. `waits`: it is to be sent
 * after the running answer.
 */
export type Sending = {
  id: string
  threadId: string | null
  isNew: boolean
  message: Outgoing
  replaces?: string
  waits?: boolean
}
