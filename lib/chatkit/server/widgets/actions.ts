/** What a widget does when it is used (protocol section 1.12). The server hears of `type` and `payload` alone. */
export type ActionConfig = {
  type: string
  payload?: Record<string, unknown>
  /** Who acts: the server, or the page's own `widgets.onAction`. */
  handler: 'server' | 'client'
  /** What shows that it works: the widget's container, the component itself, nothing, or what suits the component. */
  loadingBehavior: 'auto' | 'none' | 'self' | 'container'
  /** False: answered at once with the changed item, also while an answer streams. */
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
