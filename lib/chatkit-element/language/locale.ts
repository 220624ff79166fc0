/** The one locale that is used: the page's choice, else the browser's, cleaned of what `Intl` would refuse (`en-US@posix`), else English. */
export function resolveLocale(chosen: string | undefined): string {
  for (const candidate of [chosen, globalThis.navigator?.language]) {
    try {
      const [canonical] = Intl.getCanonicalLocales((candidate ?? '').replace(/[@.].*$/, '').replaceAll('_', '-'))
      if (canonical) return canonical
    } catch {
      // Not a language tag; the next candidate may be one.
    }
  }
  return 'en'
}
