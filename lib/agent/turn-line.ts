import type { SideStep } from '#lib/agent/chat-context.ts'
import type { ModelLine } from '#lib/agent/models/openai/model-fetch.ts'
import { waitText } from '#lib/agent/models/openai/retry-after.ts'
import type { SideEvents } from '#lib/agent/side-events.ts'

/** What one turn hears of its model's server beside the answer: signs of life for the idle clock, waits for the person. */
export class TurnLine implements ModelLine {
  readonly #steps: SideEvents<SideStep>
  /** When (ms since 1970) the server gave the last sign of life; ahead of now while it is waited for. */
  lastSignAt = 0

  constructor(steps: SideEvents<SideStep>) {
    this.#steps = steps
  }

  onSign = (aheadMs = 0): void => {
    this.lastSignAt = Math.max(this.lastSignAt, Date.now() + aheadMs)
  }

  onWait = (wait: { ms: number; sentence: string } | undefined): void => {
    const text = wait ? wait.sentence.replace(/Try again in a moment\.$/, `It is asked again in ${waitText(wait.ms)}.`) : ''
    this.#steps.push((turn) => turn.show({ type: 'progress_update', text, ...(wait && { icon: 'clock' }) }))
  }
}
