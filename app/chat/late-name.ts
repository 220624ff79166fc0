/** How long (ms) after a first answer the model's name for the conversation may take. */
const LATE_MS = 4_000

type Listeners = {
  onResponseStart: () => void
  onThreadChange: (threadId: string | null) => void
  onResponseEnd: () => void
  onError: () => void
}

/**
 * Reads a conversation once more a little after its first answer: the name that the model gives it comes with the answer where
 * that is long, else after it.
 */
export function lateName(read: () => void): Listeners {
  let isAnswering = false
  let isDue = false
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    onResponseStart: () => {
      clearTimeout(timer)
      isAnswering = true
    },
    onThreadChange: (threadId) => {
      clearTimeout(timer)
      // A conversation that comes up in the middle of an answer is the one that this answer has begun.
      isDue = isAnswering && threadId !== null
    },
    // An answer that failed names nothing, and what is said of it is to stay.
    onError: () => {
      if (isAnswering) isDue = false
    },
    onResponseEnd: () => {
      isAnswering = false
      if (!isDue) return
      timer = setTimeout(() => {
        isDue = false
        read()
      }, LATE_MS)
    },
  }
}
