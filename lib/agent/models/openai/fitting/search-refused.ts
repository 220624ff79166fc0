/** What a search has found so far. */
export type Found = {
  /** Tools that the server takes together. */
  kept: string[]
  /** Tools that it refuses beside those. */
  culprits: string[]
}

/**
 * Searches by halves for the tools that a server refuses among `names`, which it refuses together.
 * Yields the names to ask with, and is told whether the server took them. `found` is filled as it
 * goes, so a search that is given up keeps what it knows. One culprit among n costs about log2(n)+1
 * questions.
 */
export function* searchRefused(names: string[], found: Found): Generator<string[], void, boolean> {
  for (let suspects = names; suspects.length > 0; ) {
    let group = suspects
    let later: string[] = []
    while (group.length > 1) {
      const half = group.slice(0, Math.ceil(group.length / 2))
      const rest = group.slice(half.length)
      if (yield [...found.kept, ...half]) {
        found.kept = [...found.kept, ...half]
        group = rest
      } else {
        later = [...rest, ...later]
        group = half
      }
    }
    found.culprits.push(...group)
    if (later.length > 0 && (yield [...found.kept, ...later])) {
      found.kept = [...found.kept, ...later]
      return
    }
    // Culprits stand together, as one server's tools do, so the search goes on from the other end.
    suspects = later.toReversed()
  }
}
