import type { Chat } from '#lib/chatkit-element/chat.ts'

/**
 * Keeps the keyboard's place while an action is carried out: a control that its own action disables or removes loses the focus.
 * It gets it back if it is still there, else the composer takes it. Nothing moves if the person has gone elsewhere.
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
  // The view is drawn a little after the state has changed.
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

/** On a phone the composer would bring up the keyboard: there the conversation takes the focus. */
function toComposer(root: ShadowRoot, chat: Chat): void {
  if (matchMedia('(pointer: fine)').matches) chat.composer.focus()
  else root.querySelector<HTMLElement>('.scroller')?.focus({ preventScroll: true })
}
