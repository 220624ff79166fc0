'use client'

import { askChatKit } from '#app/conversations/ask-conversations.ts'
import { browserTranslate } from '#app/language/browser-translate.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { announce } from './announce.ts'

/** An answer is among the newest items, before what its tools left. */
const LOOK_BACK = 50

/** Copies the newest answer of a conversation as Markdown, and says so. */
export async function copyLastAnswer(threadId: string): Promise<void> {
  try {
    // The text is a promise, because Safari allows the clipboard only within the key press itself.
    const text = readLastAnswer(threadId).then((answer) => new Blob([answer], { type: 'text/plain' }))
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })])
    announce(browserTranslate()('The answer is copied.'))
  } catch {
    announce(browserTranslate()('There is no answer that can be copied.'))
  }
}

/** Throws if there is none, or it does not load. */
async function readLastAnswer(threadId: string): Promise<string> {
  const asked = { thread_id: threadId, order: 'desc', limit: LOOK_BACK }
  const sent = await askChatKit<{ data: ThreadItem[] }>('items.list', asked)
  const answer = sent.ok ? sent.data.data.find((item) => item.type === 'assistant_message') : undefined
  if (answer?.type !== 'assistant_message') throw new Error('There is no answer.')
  return answer.content.map(({ text }) => text).join('\n\n')
}
