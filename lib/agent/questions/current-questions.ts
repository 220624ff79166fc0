import { closeQuestionCard, isQuestionCard } from '#lib/agent/questions/question-card.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { listQuestionStates, type QuestionState } from '#lib/data/runs/questions/questions.ts'

/**
 * Wraps a store so that clients read the cards of questions in their current state: one that was
 * answered, or that nobody waits for any more, has no form, even if the process that should have
 * closed it died.
 */
export function withCurrentQuestions(store: Store, caller: { userId: string }): Store {
  return {
    ...store,
    listItems: async (threadId, query) => {
      const page = await store.listItems(threadId, query)
      return query.visible ? { ...page, data: await toCurrent(threadId, page.data, caller) } : page
    },
  }
}

async function toCurrent(threadId: string, items: ThreadItem[], caller: { userId: string }): Promise<ThreadItem[]> {
  const ids = items.filter(isQuestionCard).map(({ id }) => id)
  if (ids.length === 0) return items
  const states = new Map((await listQuestionStates(caller, threadId, ids)).map((state) => [state.itemId, state]))
  const words = findWords((await findPerson(caller.userId))?.locale)
  return items.map((item) => {
    if (item.type !== 'widget' || !isQuestionCard(item)) return item
    const ending = toEnding(states.get(item.id))
    return ending === undefined ? item : { ...item, widget: closeQuestionCard(item.widget, words[ending]) }
  })
}

/** How the question ended; undefined while it can be answered. */
export function toEnding(
  state: QuestionState | undefined,
): 'lost' | Exclude<QuestionState['status'], 'pending'> | undefined {
  if (!state || state.lost) return 'lost'
  return state.status === 'pending' ? undefined : state.status
}
