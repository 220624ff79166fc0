/** How long (ms) one slice of the work may take: half a frame. */
const SLICE_MS = 8
/** After this time (ms) a slice begins even if the page is busy. */
const PATIENCE_MS = 300

const waiting: (() => void)[] = []

/**
 * Does work that may wait (colours, formulas) between frames, in slices, in order. A text with a
 * thousand formulas never blocks the page.
 */
export function queueWork(work: () => void): void {
  waiting.push(work)
  if (waiting.length === 1) scheduleSlice()
}

function scheduleSlice(): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(doSlice, { timeout: PATIENCE_MS })
  else setTimeout(doSlice, 16)
}

function doSlice(): void {
  const until = performance.now() + SLICE_MS
  do waiting.shift()?.()
  while (waiting.length > 0 && performance.now() < until)
  if (waiting.length > 0) scheduleSlice()
}
