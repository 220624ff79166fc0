/**
 * A value that the whole process has once, made when it is first asked for. Next compiles routes
 * and instrumentation into separate module graphs, so a variable of a module may exist several
 * times. `name` is unique in the product.
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
