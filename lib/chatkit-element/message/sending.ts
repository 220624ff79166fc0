import type { Outgoing } from '#lib/chatkit-element/message/outgoing.ts'

/** A message on its way: `id` names its request, `threadId` is where it is shown, `isNew` where it begins the thread. */
export type Sending = { id: string; threadId: string | null; isNew: boolean; message: Outgoing }
