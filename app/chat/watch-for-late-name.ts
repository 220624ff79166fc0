/** How long (ms) after a first answer the model's title for the conversation may take. */
const LATE_MS = 4_000

type Listeners = {
  onResponseStart: () => void
  onThreadChange: (threadId: string | null) => void
  onResponseEnd: () => void
  onError: () => void
}

/**
 * Reads a conversation again shortly after its first answer. The model's title arrives with a long
 * answer, but only after a short one.
 */
export function watchForLateName(read: () => void): Listeners {
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
      // A thread that appears in the middle of an answer was created by that answer.
      isDue = isAnswering && threadId !== null
    },
    // A failed answer gets no title, and reading again would remove its error message.
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
