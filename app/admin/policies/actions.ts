'use server'

import { serverAction } from '#app/server-action.ts'
import { deletePolicy, savePolicy } from '#lib/data/servers/policies.ts'
import { parsePolicy } from './parse-policy.ts'
import { previewSentence } from './preview-sentence.ts'

const GATE = { who: 'admin', failure: 'tool policy not changed', refresh: '/admin/policies' } as const

/** Saves the form's policy for one tool, or for all tools of a server. */
export const setPolicy = serverAction(GATE, async (admin, form: FormData) => savePolicy(admin, parsePolicy(form)))

/** Removes the policy for the form's `server` and `tool`. */
export const removePolicy = serverAction(GATE, (admin, form: FormData) =>
  deletePolicy(admin, { server: String(form.get('server') ?? ''), tool: String(form.get('tool') ?? '') }),
)

/** What the card of a call would say, with the form's `sentence`, `arguments` and `result` (JSON). */
export const showSentence = serverAction(
  { who: 'admin', failure: 'sentence not shown' },
  async (_, form: FormData) => ({
    text: previewSentence(form),
  }),
)
