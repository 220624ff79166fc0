/** The file of each part and language, with a hash of its content; the build sets it. */
declare const CHATKIT_PARTS: Record<string, string> | undefined

// Known only while the script itself runs. The parts are in a folder beside it.
const script = globalThis.document?.currentScript as HTMLScriptElement | null | undefined
const SCRIPT = script?.src

/** The nonce of the element's own script; '' if the page's policy has none. */
export const scriptNonce = script?.nonce ?? ''

/** How long (ms) after a failure a part is not asked for again. */
const PAUSE_MS = 10_000

type Loading = { module: Promise<unknown>; failures: number; failedAt: number }
const loading = new Map<string, Loading>()

/** The address of a file in the folder beside the script. `again` makes an address that no cache knows. */
export function findPartUrl(file: string, again = 0): string {
  const name = typeof CHATKIT_PARTS === 'undefined' ? file : (CHATKIT_PARTS[file] ?? file)
  return new URL(`chatkit/${name}${again ? `?again=${again}` : ''}`, SCRIPT || document.baseURI).href
}

/**
 * The default export of a part, loaded when it is first needed and then kept. Rejects if it cannot
 * be loaded (a deploy in between, no network, the page's policy); a later call tries again, at most
 * every 10 seconds. Some browsers remember a failed module, so the next attempt uses another address.
 */
export function loadPart<T>(name: string): Promise<T> {
  const before = loading.get(name)
  if (before && !(before.failedAt && Date.now() - before.failedAt > PAUSE_MS)) return before.module as Promise<T>
  const failures = before?.failures ?? 0
  const module = import(findPartUrl(`${name}.js`, failures)).then((loaded: { default: T }) => loaded.default)
  const entry: Loading = { module, failures, failedAt: 0 }
  loading.set(name, entry)
  module.catch(() => Object.assign(entry, { failures: failures + 1, failedAt: Date.now() }))
  return module
}
