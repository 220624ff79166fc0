/** What using a widget does (protocol section 1.12). The server gets only `type` and `payload`. */
export type ActionConfig = {
  type: string
  payload?: Record<string, unknown>
  /** Who handles the action: the server, or the page's own `widgets.onAction`. */
  handler: 'server' | 'client'
  /**
   * What shows the loading state: the container, the component itself, nothing, or (`auto`) the
   * component's default.
   */
  loadingBehavior: 'auto' | 'none' | 'self' | 'container'
  /** False: answered at once with the changed item, even while an answer streams. */
  streaming: boolean
}

/** An action with the protocol's defaults, which are always sent. */
export function action(
  type: string,
  payload?: Record<string, unknown>,
  more: Partial<Omit<ActionConfig, 'type' | 'payload'>> = {},
): ActionConfig {
  return { type, ...(payload && { payload }), handler: 'server', loadingBehavior: 'auto', streaming: true, ...more }
}
