/**
 * The locale to use: the page's choice, else the browser's, else English. Removes what `Intl`
 * rejects (`en-US@posix`).
 */
export function resolveLocale(chosen: string | undefined): string {
  for (const candidate of [chosen, globalThis.navigator?.language]) {
    try {
      const [canonical] = Intl.getCanonicalLocales((candidate ?? '').replace(/[@.].*$/, '').replaceAll('_', '-'))
      if (canonical) return canonical
    } catch {
      // Not a language tag; try the next candidate.
    }
  }
  return 'en'
}
