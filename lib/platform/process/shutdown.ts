import { withDeadline } from '#lib/platform/deadline.ts'
import { processState } from '#lib/platform/process-state.ts'

/**
 * Work that must finish before the process exits, within `graceMs`. A failure is reported and does
 * not stop the other hooks.
 */
export type ShutdownHook = (graceMs: number) => Promise<void>

type State = { hooks: Map<string, ShutdownHook>; ending?: Promise<Error[]> }

const state = processState('shutdown', (): State => ({ hooks: new Map() }))

/** Registers a shutdown hook, once per name, because a module may be loaded in two graphs. */
export function registerShutdownHook(name: string, hook: ShutdownHook): void {
  state().hooks.set(name, hook)
}

/** True from the start of the shutdown: accept nothing new, answer health checks with 503. */
export function isShuttingDown(): boolean {
  return state().ending !== undefined
}

/**
 * Starts the shutdown and runs all hooks once, concurrently, each for at most `graceMs`. A second
 * call waits for the first. Resolves to the errors.
 */
export function shutDown(graceMs: number): Promise<Error[]> {
  const { hooks } = state()
  state().ending ??= Promise.all([...hooks].map(([name, hook]) => runHook(graceMs, name, hook))).then((all) =>
    all.filter((e) => e !== undefined),
  )
  return state().ending as Promise<Error[]>
}

async function runHook(graceMs: number, name: string, hook: ShutdownHook): Promise<Error | undefined> {
  const late = () => new Error(`${name} did not end within ${graceMs} ms`)
  try {
    return (await withDeadline(hook(graceMs), graceMs, late)) ?? undefined
  } catch (cause) {
    return new Error(`${name} failed to end`, { cause })
  }
}
