const MAX = 16

/** An error and all its causes, however the SDK wrapped them: at most 16, the outermost first. */
export function listCauses(error: unknown): unknown[] {
  const chain: unknown[] = []
  const queue = [error]
  while (queue.length > 0 && chain.length < MAX) {
    const at = queue.shift()
    if (!(at instanceof Object) || chain.includes(at)) continue
    chain.push(at)
    const { cause, data, errors } = at as { cause?: unknown; data?: { cause?: unknown }; errors?: unknown }
    queue.push(cause, data?.cause, ...(Array.isArray(errors) ? errors : []))
  }
  return chain
}
