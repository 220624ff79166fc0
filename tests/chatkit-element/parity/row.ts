import type { ChatKitOptions } from '@openai/chatkit'
import type { MountedElement } from '#tests/support/element/mounted-element.ts'

export type Options = Partial<ChatKitOptions>
/** Options, or what makes them if they note how they were called. */
export type Made = Options | ((note: (seen: unknown) => void) => Options)
type Step = (it: MountedElement) => void | Promise<void>

/**
 * One option, method or event, used in the browser: an element without it, and one with it. What
 * `see` finds is `without` in the first and `with` in the second.
 */
export type Row = {
  /** The options of both elements. */
  base?: Made
  /** The options of the second, in place of those in `base`. */
  use?: Made
  /** What happens to both elements before `call`, to the second alone, and to both afterwards. */
  before?: Step
  call?: Step
  after?: Step
  see: (it: MountedElement) => unknown
  without: unknown
  with: unknown
  /** Why the option changes nothing here. */
  inertBecause?: string
  /**
   * For a name with a list of values: how each is used. Each looks different, or draws an icon that
   * is not the ring of an unknown one.
   */
  values?: {
    use?: (value: never) => Options
    call?: (value: never) => Step
    see?: Row['see']
    are: 'different' | 'drawn'
    /** True if elements side by side do not disturb each other, which is quicker. */
    sideBySide?: true
  }
}
export type Rows = Record<string, Row>

/** A conversation, which the test's server has. */
export const OLD = 'thr_old'
/** Opens the old conversation. */
export const inOld = { initialThread: OLD }

/** The label of a button, as a selector. */
export const named = (label: string) => `[aria-label="${label}"]`
