/**
 * Returns a getter for a value that exists once per process, created at the first call. Next
 * compiles routes and instrumentation into separate module graphs, so a module variable may exist
 * several times. `name` must be unique in the product.
 *
 * @example
 * const state = processState('changes', () => ({ watchers: new Set<Watcher>() }))
 * state().watchers.add(watcher)
 */
export function processState<Value extends object>(name: string, init: () => Value): () => Value {
  return () => {
    const shared = globalThis as { switchboardState?: Map<string, object> }
    shared.switchboardState ??= new Map()
    const known = shared.switchboardState.get(name) as Value | undefined
    if (known) return known
    const value = init()
    shared.switchboardState.set(name, value)
    return value
  }
}
