import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import type { TurnGroup } from '#lib/chatkit-element/state/turn-groups.ts'

/** The fork that the versions of a turn's message come from, and that of the versions of its answer. */
export type TurnForks = { question: Fork | undefined; answer: Fork | undefined }

export function findForks(forks: readonly Fork[], { question, answer }: TurnGroup): TurnForks {
  const isHere = (id: string | undefined) =>
    id !== undefined && (id === question?.id || answer.some((item) => item.id === id))
  return {
    question: forks.find((fork) => question !== null && fork.item_id === question.id),
    answer: forks.find((fork) =>
      fork.item_id === undefined ? isHere(fork.after_id) : answer.some(({ id }) => id === fork.item_id),
    ),
  }
}
