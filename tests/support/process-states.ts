const shared = globalThis as { switchboardState?: Map<string, object> }

/** All that `processState` keeps, by name: a test puts another value in the place of one to act as another process. */
export function processStates(): Map<string, object> {
  shared.switchboardState ??= new Map()
  return shared.switchboardState
}
