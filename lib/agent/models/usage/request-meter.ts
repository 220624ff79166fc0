import { setTimeout as sleep } from 'node:timers/promises'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { ModelLine } from '#lib/agent/models/openai/transport/model-fetch.ts'
import { toCostMicros } from '#lib/agent/models/usage/to-cost.ts'
import { UsageRefusal } from '#lib/agent/models/usage/usage-refusal.ts'
import { toWarningText } from '#lib/data/usage/limit-text.ts'
import { areLimitsSet } from '#lib/data/usage/limits-in-force.ts'
import type { RequestAbout, SettledRequest, TokensUsed } from '#lib/data/usage/model-requests.ts'
import {
  findUsedUpLimit,
  growReservation,
  RESERVED_MS,
  renewReservation,
  reserveRequest,
  withdrawReservation,
} from '#lib/data/usage/reserve-request.ts'
import { withoutRun } from '#lib/platform/db/run-fence.ts'
import { env } from '#lib/platform/env.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'
import { countModelRequest } from '#lib/platform/metrics/model-metrics.ts'
import { recordSpan } from '#lib/platform/telemetry/record-span.ts'
import { toRunSpan } from '#lib/platform/telemetry/trace-context.ts'

/**
 * How many output tokens are reserved for an answer: reserving the longest possible one would keep
 * people from asking twice at once.
 */
const RESERVED_OUTPUT_TOKENS = 4_000
/** How many more are reserved each time that an answer is longer than what is reserved. */
const MORE_OUTPUT_TOKENS = 1_000
/** How long (ms) a request waits for others to give back what they reserved and do not use. */
const BUSY_MAX_MS = 20_000
/** Waits (ms) between two looks; the last one repeats. */
const LOOK_MS = [50, 100, 200, 400, 800]

/** The account of requests: whose they are, where they are kept, and who is told of limits. */
export type UsageAccount = {
  about: RequestAbout
  /** Keeps a request that has ended. Must not throw. */
  keep: (request: SettledRequest) => void
  /** Shows a warning to the person. Without it, no warning is used up. */
  warn?: (sentence: string) => void
  /** Hears that the request waits for its turn. */
  line?: Pick<ModelLine, 'onSign' | 'onWait'> | undefined
}

type Asked = Pick<OfferedModel, 'provider' | 'model' | 'prices' | 'maxOutputTokens'>

/** One request to a model, from its reservation to what it used. */
export class RequestMeter {
  readonly #id: string
  readonly #account: UsageAccount
  readonly #asked: Asked
  readonly #beganAt = Date.now()
  #renewal: NodeJS.Timeout | undefined
  #isSettled = false
  /** What is reserved (tokens). Nothing if no limit concerns the person. */
  #reserved: { input: number; output: number } | undefined
  #isGrowing = false
  #passed: UsageRefusal | undefined

  private constructor(id: string, account: UsageAccount, asked: Asked) {
    this.#id = id
    this.#account = account
    this.#asked = asked
  }

  /**
   * Reserves what a request with so much `input` (tokens) will probably use, if limits concern its person.
   * Waits up to 20 s for what others reserved and do not use. Throws a UsageRefusal, or the signal's
   * reason if that aborts first.
   */
  static async open(
    account: UsageAccount,
    asked: Asked,
    count: { readonly input: number },
    signal: AbortSignal | undefined,
  ): Promise<RequestMeter> {
    const meter = new RequestMeter(newId('req'), account, asked)
    if (await areLimitsSet()) await meter.#reserve(count.input, signal)
    if (signal?.aborted) {
      await meter.withdraw()
      signal.throwIfAborted()
    }
    return meter
  }

  async #reserve(input: number, signal: AbortSignal | undefined): Promise<void> {
    const { about, warn, line } = this.#account
    const { provider, model, prices, maxOutputTokens } = this.#asked
    const output = Math.min(RESERVED_OUTPUT_TOKENS, maxOutputTokens ?? RESERVED_OUTPUT_TOKENS)
    const estimate = {
      input,
      output,
      inputCostMicros: toCostMicros({ input, cached: 0, output: 0 }, prices),
      costMicros: toCostMicros({ input, cached: 0, output }, prices),
    }
    const reserve = () =>
      reserveRequest(this.#id, about, { provider: provider.name, model }, estimate, { warns: warn !== undefined })
    const until = Date.now() + BUSY_MAX_MS
    let found = await withoutRun(reserve)
    for (let tries = 0; found.outcome === 'busy' && Date.now() < until; tries += 1) {
      line?.onSign?.(BUSY_MAX_MS)
      await sleep(LOOK_MS[Math.min(tries, LOOK_MS.length - 1)], undefined, { signal })
      found = await withoutRun(reserve)
    }
    if (found.outcome === 'free') return
    if (found.outcome !== 'reserved') throw new UsageRefusal(found.outcome, found.limit)
    this.#reserved = { input, output }
    for (const limit of found.warn) warn?.(toWarningText(limit))
    this.#renew()
  }

  /** Renews the reservation while the request lasts, but never longer than a run may last. */
  #renew(): void {
    const until = Date.now() + env().RUN_TIMEOUT * 1000
    this.#renewal = setInterval(() => {
      if (Date.now() > until) return clearInterval(this.#renewal)
      withoutRun(() => renewReservation(this.#id)).catch((error) =>
        log.warn({ error }, 'a reservation was not renewed'),
      )
    }, RESERVED_MS / 3).unref()
  }

  /**
   * Notes how long (tokens) the answer is so far, and reserves more if that is more than was
   * expected. Throws a UsageRefusal once the answer passes a limit.
   */
  noteOutput(tokens: number): void {
    if (this.#passed) throw this.#passed
    if (!this.#reserved || this.#isGrowing || this.#isSettled || tokens <= this.#reserved.output) return
    this.#isGrowing = true
    const { input } = this.#reserved
    const output = tokens + MORE_OUTPUT_TOKENS
    const costMicros = toCostMicros({ input, cached: 0, output }, this.#asked.prices)
    // Not awaited: no delta waits for the database.
    withoutRun(() => growReservation(this.#id, this.#account.about.ownerId, { output, costMicros }))
      .then((limit) => {
        this.#reserved = { input, output }
        if (limit) this.#passed = new UsageRefusal('used_up', limit)
      })
      .catch((error) => log.warn({ error }, 'no more was reserved for a long answer'))
      .finally(() => {
        this.#isGrowing = false
      })
  }

  /** Gives back the reservation of a request that was not sent. */
  async withdraw(): Promise<void> {
    if (this.#isSettled) return
    this.#isSettled = true
    if (this.#renewal === undefined) return
    clearInterval(this.#renewal)
    // If this fails, the reservation expires.
    await withoutRun(() => withdrawReservation(this.#id)).catch((error) =>
      log.warn({ error }, 'a reservation was not withdrawn'),
    )
  }

  /** Keeps what the request used. The first call counts. */
  settle(used: TokensUsed, outcome: SettledRequest['outcome']): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearInterval(this.#renewal)
    const { about, keep } = this.#account
    const { provider, model, prices } = this.#asked
    const costMicros = toCostMicros(used, prices)
    const asked = { provider: provider.name, model }
    const milliseconds = Date.now() - this.#beganAt
    countModelRequest({ ...asked, purpose: about.purpose, outcome, used, costMicros, milliseconds })
    recordRequest(about, asked, { used, outcome, beganAt: this.#beganAt })
    keep({ id: this.#id, about, asked, used, costMicros, outcome, beganAt: this.#beganAt })
  }
}

function recordRequest(
  { runId, purpose, assistant }: RequestAbout,
  { provider, model }: { provider: string; model: string },
  { used, outcome, beganAt }: Pick<SettledRequest, 'used' | 'outcome' | 'beganAt'>,
): void {
  const attributes = {
    ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.request.model': model },
    ...{ 'gen_ai.usage.input_tokens': used.input, 'gen_ai.usage.output_tokens': used.output },
    ...{ 'switchboard.purpose': purpose, ...(assistant && { 'gen_ai.agent.name': assistant }) },
  }
  const about = { name: `chat ${model}`, kind: 'client', attributes } as const
  const failure = outcome === 'failed' ? 'failed' : undefined
  recordSpan({ ...about, beganAt, failure, parent: runId ? toRunSpan(runId) : undefined })
}

/** Throws a UsageRefusal if a limit was reached meanwhile: before a request is sent again. */
export async function refuseIfUsedUp(ownerId: string): Promise<void> {
  if (!(await areLimitsSet())) return
  const limit = await findUsedUpLimit(ownerId)
  if (limit) throw new UsageRefusal('used_up', limit)
}
