import { createContext, Script } from 'node:vm'

// Only what a script of node:vm runs can be interrupted, and so can all that it calls.
const script = new Script('work()')
const stage = createContext({ work: undefined as (() => unknown) | undefined })

/** What synchronous `work` returns. Throws where it is not done after `ms`, in the middle of whatever it does, and what it throws. */
export function runForMs<T>(ms: number, work: () => T): T {
  stage.work = work
  try {
    return script.runInContext(stage, { timeout: ms }) as T
  } finally {
    stage.work = undefined
  }
}
