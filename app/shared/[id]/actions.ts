'use server'

import { serverAction } from '#app/server-action.ts'
import { continueShare } from '#lib/data/shares/continue-share.ts'

const LIMIT = { name: 'copies', points: 20, seconds: 60, said: 'You have copied 20 conversations within a minute.' }

/** Makes a conversation of the person's own from the form's share, and opens it. */
export const continueFromShare = serverAction(
  {
    ...{ who: 'person', failure: 'shared conversation not copied', limit: LIMIT },
    leadTo: (threadId: string) => `/chat/${threadId}`,
  },
  async (caller, form: FormData) => (await continueShare(caller, String(form.get('id') ?? ''))).threadId,
)
