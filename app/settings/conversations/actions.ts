'use server'

import { z } from 'zod'
import { toShownCall } from '#app/calls/to-shown-call.ts'
import { serverAction } from '#app/server-action.ts'
import { EmailAddress, parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { createShare, endShare } from '#lib/data/shares/shares.ts'
import { env } from '#lib/platform/env.ts'

const LIMIT = { name: 'shares', points: 30, seconds: 60 }
const GATE = { who: 'person', limit: LIMIT } as const

const Wish = z.object({
  threadId: z.string().min(1).max(100),
  readers: z.union([
    z.literal('everybody'),
    z.array(EmailAddress).min(1, 'Write at least one address.').max(100, 'Write 100 addresses at most.'),
  ]),
  days: z.coerce.number().int().min(1).max(365),
  withTools: z.boolean(),
})

/**
 * Shares a snapshot of the person's conversation. Answers with its address. No page is read anew, because that would
 * begin the chat again from which it is called.
 */
export const shareConversation = serverAction(
  { ...GATE, failure: 'conversation not shared' },
  async (caller, form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? '')
    const addresses = text('addresses').split(/[\s,;]+/)
    const wish = parseFields(Wish, {
      threadId: text('threadId'),
      readers: text('readers') === 'everybody' ? 'everybody' : addresses.filter((address) => address !== ''),
      days: text('days'),
      withTools: form.get('withTools') !== null,
    })
    const { id } = await createShare(caller, wish, (call) => {
      // The page with the whole record is its owner's.
      const { href: _, ...shown } = toShownCall(call, caller)
      return shown
    })
    return { address: `${env().APP_URL}/shared/${id}` }
  },
)

/** Ends the form's share for every reader. */
export const endSharing = serverAction(
  { ...GATE, failure: 'share not ended', refresh: '/settings/conversations' },
  (caller, form: FormData) => endShare(caller, String(form.get('id') ?? '')),
)
