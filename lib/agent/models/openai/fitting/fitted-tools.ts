import type { ModelServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { findRefusedTool } from '#lib/agent/models/openai/fitting/find-refused-tool.ts'
import { toPlainSchemas } from '#lib/agent/models/openai/fitting/plain-schemas.ts'
import { type Found, searchRefused } from '#lib/agent/models/openai/fitting/search-refused.ts'
import { keepTools, readToolNames } from '#lib/agent/models/openai/fitting/sent-tools.ts'
import { readToolLimit } from '#lib/agent/models/openai/fitting/tool-limit.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'

/** Whom a turn tells what its model's server does not take, and what is known from before. */
export type ToolsLine = {
  /** True if this model's server takes only plain schemas. */
  plainSchemas?: boolean
  /**
   * Called if the server does not accept the definitions of these tools, by the names that the
   * model sees. The turn goes on without them.
   */
  onToolsRefused?: (names: string[], detail: FailureDetail) => void
  /** Called if the server takes only plain schemas. The turn goes on with those. */
  onPlainSchemas?: (detail: FailureDetail) => void
  /** Called if the server takes at most `max` tools. The turn goes on with so many. */
  onToolLimit?: (max: number, detail: FailureDetail) => void
  /** The names of the `max` tools that the turn needs most. */
  pickTools?: (max: number) => Promise<ReadonlySet<string>>
}

/** How many refused tools that the server names a turn leaves out before it fails. */
const NAMED_MAX = 8
/** How many further requests a turn sends to find what the server refuses without naming it. One search a turn. */
const SEARCH_MAX = 16
/** How often a turn offers fewer tools before it fails. */
const FEWER_MAX = 4

/**
 * The tools of one turn as its model's server takes them. Learns from each refusal: leaves out a
 * tool that is named, offers fewer if there are too many, and finds by itself what is refused
 * without a name: plain schemas first, then a search by halves.
 */
export class FittedTools {
  readonly #line: ToolsLine
  readonly #refused = new Set<string>()
  #picked: ReadonlySet<string> | undefined
  #named = 0
  #fewer = 0
  #isPlain = false
  /** Plain schemas are being tried because of this refusal. */
  #plainTrial: ModelServerError | undefined
  /** A limit that is being tried. */
  #limitTrial: { max: number; refusal: ModelServerError } | undefined
  #search: Search | undefined
  #hasSearched = false

  constructor(line: ToolsLine) {
    this.#line = line
  }

  /** The request's body (JSON) with what the server takes, as far as is known. */
  fit(body: string): string {
    this.#isPlain ||= this.#line.plainSchemas === true
    const asking = this.#search?.asking
    const picked = this.#picked
    const kept = keepTools(
      body,
      (name) => !this.#refused.has(name) && (picked?.has(name) ?? true) && (asking?.has(name) ?? true),
    )
    return this.#isPlain ? toPlainSchemas(kept) : kept
  }

  /** Notes that the server took the request. False if that was only a question of the search. */
  noteTaken(): boolean {
    if (this.#search && !this.#search.take(true)) return false
    this.#endSearch()
    if (this.#plainTrial) this.#line.onPlainSchemas?.(this.#plainTrial.detail)
    if (this.#limitTrial) this.#line.onToolLimit?.(this.#limitTrial.max, this.#limitTrial.refusal.detail)
    this.#plainTrial = undefined
    this.#limitTrial = undefined
    return true
  }

  /**
   * Learns from a refusal of `body`, which `fit` made. False if nothing can be done, and the turn
   * fails with the error that `giveUp` returns.
   */
  async learn(refusal: ModelServerError, body: string): Promise<boolean> {
    const names = readToolNames(body)
    if (names.length === 0) return false
    const { failureClass, detail } = refusal
    if (failureClass === 'model_too_many_tools') return this.#offerFewer(refusal, names.length)
    const tool = findRefusedTool(refusal, body)
    if (tool !== undefined) {
      if (this.#named >= NAMED_MAX) return false
      this.#named += 1
      this.#refused.add(tool)
      this.#line.onToolsRefused?.([tool], detail)
      return true
    }
    if (failureClass !== 'model_schema_refused' && !isVague(refusal)) return false
    if (this.#search) {
      if (this.#search.isLast) return false
      this.#search.take(false)
      return true
    }
    if (!this.#isPlain && toPlainSchemas(body) !== body) {
      this.#isPlain = true
      this.#plainTrial = refusal
      return true
    }
    if (this.#hasSearched) return false
    this.#hasSearched = true
    const first = this.#plainTrial ?? refusal
    this.#plainTrial = undefined
    this.#search = new Search(names, first)
    return true
  }

  /** The error with which the turn fails after `refusal`: of a search, the one that began it. */
  giveUp(refusal: ModelServerError): ModelServerError {
    return this.#search?.isLast ? this.#search.refusal : refusal
  }

  async #offerFewer(refusal: ModelServerError, count: number): Promise<boolean> {
    if (this.#fewer >= FEWER_MAX || !this.#line.pickTools || count < 2) return false
    this.#fewer += 1
    const max = readToolLimit(refusal.detail, count) ?? Math.floor(count / 2)
    this.#picked = await this.#line.pickTools(max)
    this.#limitTrial = { max, refusal }
    return true
  }

  #endSearch(): void {
    const { found, refusal, names } = this.#search ?? {}
    this.#search = undefined
    if (!found || !refusal || !names) return
    // If it took nothing at all, each definition counts as refused, so the next turn need not ask.
    const refused = found.kept.length > 0 ? found.culprits : names
    for (const name of refused) this.#refused.add(name)
    if (refused.length > 0) this.#line.onToolsRefused?.(refused, refusal.detail)
    if (found.kept.length > 0) this.#picked = new Set(found.kept)
  }
}

/** One search, with at most SEARCH_MAX questions and the request that carries the answer. */
class Search {
  readonly found: Found = { kept: [], culprits: [] }
  readonly names: string[]
  readonly refusal: ModelServerError
  /** True if the request that is being sent is to carry the answer. */
  isLast = false
  asking: ReadonlySet<string>
  readonly #steps: Generator<string[], void, boolean>
  #count = 0

  constructor(names: string[], refusal: ModelServerError) {
    this.names = names
    this.refusal = refusal
    this.#steps = searchRefused(names, this.found)
    this.asking = new Set()
    this.#ask(this.#steps.next())
  }

  /** Takes the server's answer to a question. True if that carries the answer of the turn. */
  take(taken: boolean): boolean {
    if (this.isLast) return taken
    const asked = this.asking
    this.#ask(this.#steps.next(taken))
    return taken && this.isLast && asked.size === this.asking.size
  }

  #ask({ done, value }: IteratorResult<string[], void>): void {
    this.#count += 1
    this.isLast = done === true || this.#count > SEARCH_MAX
    this.asking = new Set(this.isLast ? this.found.kept : (value ?? []))
  }
}

/** Gemini's words for any fault of a request, also of a definition. */
function isVague({ failureClass, detail }: ModelServerError): boolean {
  return failureClass === 'model_rejected' && /request contains an invalid argument/i.test(detail.message ?? '')
}
