const shared = globalThis as { switchboardState?: Map<string, object> }

/**
 * Everything that `processState` keeps, by name. A test replaces a value to act as another process.
 */
export function processStates(): Map<string, object> {
  shared.switchboardState ??= new Map()
  return shared.switchboardState
}
