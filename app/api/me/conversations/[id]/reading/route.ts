import { answerReading, READS, Reading } from '#app/api/shared/answer-reading.ts'
import { route } from '#lib/auth/route.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { readConversation } from '#lib/data/transfer/read-conversation.ts'

/** A conversation of the caller for the page that prints it: whole, and without a place to write. */
export const POST = route({ params: ['id'], limit: READS, body: Reading }, async ({ caller, params: { id }, body }) => {
  const store = createPrismaStore(caller)
  return answerReading(body, {
    ...store,
    loadThread: async (threadId) => {
      const thread = await store.loadThread(threadId === id ? threadId : '')
      return { ...thread, status: { type: 'closed', reason: '' } }
    },
    listItems: async (threadId) => {
      const data = []
      for await (const item of readConversation(store, threadId)) data.push(item)
      return { data, has_more: false }
    },
  })
})
