/** True if touch is the only pointer, so that the keyboard is on the screen. */
export function isPhone(): boolean {
  return matchMedia('(hover: none) and (pointer: coarse)').matches
}

/** True if an Enter sends, and does not begin a new line. */
export function sends({ shiftKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || !(shiftKey || isPhone())
}
