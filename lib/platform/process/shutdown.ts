import { processState } from '#lib/platform/process-state.ts'

/** Work that must end before the process may: told how many milliseconds it has. Its failure is reported, and stops nobody else's. */
export type ShutdownHook = (graceMs: number) => Promise<void>

type State = { hooks: Map<string, ShutdownHook>; ending?: Promise<Error[]> }

const state = processState('shutdown', (): State => ({ hooks: new Map() }))

/** Registers what has to be wound up at the end of the process, once for each name: the same module may be loaded in two graphs. */
export function onShutdown(name: string, hook: ShutdownHook): void {
  state().hooks.set(name, hook)
}

/** True from the first moment of the end on: take nothing new in, answer health checks with 503. */
export function isShuttingDown(): boolean {
  return state().ending !== undefined
}

/** Begins the end and runs every hook once, side by side, each for `graceMs` at most; a second call waits for the first. Resolves to what failed. */
export function shutDown(graceMs: number): Promise<Error[]> {
  const { hooks } = state()
  state().ending ??= Promise.all([...hooks].map(([name, hook]) => withDeadline(graceMs, name, hook))).then((all) =>
    all.filter((e) => e !== undefined),
  )
  return state().ending as Promise<Error[]>
}

async function withDeadline(graceMs: number, name: string, hook: ShutdownHook): Promise<Error | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<Error>()
  const timer = setTimeout(() => resolve(new Error(`${name} did not end within ${graceMs} ms`)), graceMs)
  try {
    return (await Promise.race([hook(graceMs), late])) ?? undefined
  } catch (cause) {
    return new Error(`${name} failed to end`, { cause })
  } finally {
    clearTimeout(timer)
  }
}
