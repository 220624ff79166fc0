import type { Chat } from '#lib/chatkit-element/chat.ts'

/**
 * Keeps the keyboard focus during an action, because a control that its action disables or removes
 * loses it. Afterwards the control gets the focus back if it still exists, otherwise the composer
 * gets it. Nothing moves if the person has focused something else.
 */
export async function holdFocus(from: Element, chat: Chat, action: unknown): Promise<void> {
  const root = from.getRootNode()
  if (!(root instanceof ShadowRoot)) return void (await action)
  const isLost = () =>
    root.activeElement === null && (document.activeElement === document.body || document.activeElement === null)
  const recover = () => {
    if (from.isConnected || !isLost()) return
    unsubscribe()
    toComposer(root, chat)
  }
  // The view renders shortly after the state has changed.
  const unsubscribe = chat.state.subscribe(() => requestAnimationFrame(recover))
  try {
    await action
  } finally {
    unsubscribe()
    requestAnimationFrame(() => {
      if (!isLost()) return
      if (from instanceof HTMLElement) from.focus({ preventScroll: true })
      if (isLost()) toComposer(root, chat)
    })
  }
}

/**
 * Focuses the composer. On a touch device that would open the keyboard, so the conversation gets
 * the focus there.
 */
function toComposer(root: ShadowRoot, chat: Chat): void {
  if (matchMedia('(pointer: fine)').matches) chat.composer.focus()
  else root.querySelector<HTMLElement>('.scroller')?.focus({ preventScroll: true })
}
