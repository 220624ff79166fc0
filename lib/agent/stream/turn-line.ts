import { waitText } from '#lib/agent/models/openai/failures/retry-after.ts'
import type { ModelLine } from '#lib/agent/models/openai/transport/model-fetch.ts'
import type { SideStep } from '#lib/agent/stream/chat-context.ts'
import type { SideEvents } from '#lib/agent/stream/side-events.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { FailureDetail } from '#lib/data/runs/run-failures.ts'

/**
 * What one turn hears from its model's server besides the answer: signs of life for the idle
 * timeout, and waits that are shown to the person.
 */
export class TurnLine implements ModelLine {
  readonly #steps: SideEvents<SideStep>
  readonly #refuseTool: (name: string, detail: FailureDetail) => Notice
  /**
   * When (ms since 1970) the server gave the last sign of life. Lies in the future during a wait
   * for the server.
   */
  lastSignAt = 0

  /**
   * `refuseTool` records a tool that the server does not accept, and returns the notice for the
   * person.
   */
  constructor(steps: SideEvents<SideStep>, refuseTool: (name: string, detail: FailureDetail) => Notice) {
    this.#steps = steps
    this.#refuseTool = refuseTool
  }

  onToolRefused = (name: string, detail: FailureDetail): void => {
    const notice = this.#refuseTool(name, detail)
    this.#steps.push((turn) => turn.show(notice))
  }

  onSign = (aheadMs = 0): void => {
    this.lastSignAt = Math.max(this.lastSignAt, Date.now() + aheadMs)
  }

  onWait = (wait: { ms: number; sentence: string } | undefined): void => {
    const text = wait
      ? wait.sentence.replace(/Try again in a moment\.$/, `It is asked again in ${waitText(wait.ms)}.`)
      : ''
    this.#steps.push((turn) => turn.show({ type: 'progress_update', text, ...(wait && { icon: 'clock' }) }))
  }
}
