import { waitText } from '#lib/agent/models/openai/failures/retry-after.ts'
import type { ModelLine } from '#lib/agent/models/openai/transport/model-fetch.ts'
import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'

/**
 * What one turn hears from its model's server besides the answer: signs of life for the idle
 * timeout, and waits that are shown to the person.
 */
export class TurnLine implements ModelLine {
  readonly #steps: SideEvents<SideStep>
  readonly #tools: Tools
  /**
   * When (ms since 1970) the server gave the last sign of life. Lies in the future during a wait
   * for the server.
   */
  lastSignAt = 0
  /** Set to what may refuse that a request is sent again. */
  beforeRetry: () => Promise<void> = async () => undefined

  /** `tools` records what the server does not accept of tools. */
  constructor(steps: SideEvents<SideStep>, tools: Tools) {
    this.#steps = steps
    this.#tools = tools
  }

  get plainSchemas(): boolean {
    return this.#tools.plainSchemas
  }

  onToolsRefused = (names: string[], detail: FailureDetail): void => this.#show(this.#tools.refuse(names, detail))

  onToolLimit = (max: number, detail: FailureDetail): void => this.#show(this.#tools.noteLimit(max, detail))

  onPlainSchemas = (detail: FailureDetail): void => this.#tools.notePlainSchemas(detail)

  pickTools = (max: number): Promise<ReadonlySet<string>> => this.#tools.pick(max)

  onSign = (aheadMs = 0): void => {
    this.lastSignAt = Math.max(this.lastSignAt, Date.now() + aheadMs)
  }

  onWait = (wait: { ms: number; sentence: string } | undefined): void => {
    const text = wait
      ? wait.sentence.replace(/Try again in a moment\.$/, `It is asked again in ${waitText(wait.ms)}.`)
      : ''
    this.#steps.push((turn) => turn.show({ type: 'progress_update', text, ...(wait && { icon: 'clock' }) }))
  }

  #show(notice: Notice): void {
    this.#steps.push((turn) => turn.show(notice))
  }
}

/** What records what a model's server refuses, and makes the notices for the person. */
type Tools = {
  readonly plainSchemas: boolean
  refuse: (names: string[], detail: FailureDetail) => Notice
  noteLimit: (max: number, detail: FailureDetail) => Notice
  notePlainSchemas: (detail: FailureDetail) => void
  pick: (max: number) => Promise<ReadonlySet<string>>
}
