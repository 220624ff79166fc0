import { createContext, Script } from 'node:vm'

// Only code that a node:vm script runs, and all that it calls, can be interrupted.
const script = new Script('work()')
const stage = createContext({ work: undefined as (() => unknown) | undefined })

/**
 * Returns what synchronous `work` returns. Throws what it throws, and interrupts it with an error
 * after `ms`, wherever it is.
 */
export function runForMs<T>(ms: number, work: () => T): T {
  stage.work = work
  try {
    return script.runInContext(stage, { timeout: ms }) as T
  } finally {
    stage.work = undefined
  }
}
