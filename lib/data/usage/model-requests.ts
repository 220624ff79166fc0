import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RequestOutcome, RequestPurpose } from '#lib/generated/prisma/enums.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { toStorable } from '#lib/platform/json/to-storable.ts'

/**
 * What a request used. `input` includes cached tokens, `output` those of reasoning. Each is a whole
 * number from 0 to `TOKENS_MAX`. `isEstimated`: the server did not say it.
 */
export type TokensUsed = {
  input: number
  cached: number
  output: number
  reasoning: number
  isEstimated: boolean
}

/** More tokens than any request has: a server that reports more is not believed. */
export const TOKENS_MAX = 100_000_000

/** For whom and for what a model is asked. */
export type RequestAbout = {
  ownerId: string
  threadId?: string | undefined
  runId?: string | undefined
  purpose: RequestPurpose
  /** The name of the assistant that asks. */
  assistant?: string | undefined
}

/** The model that is asked, by the names that the row keeps. */
export type AskedModel = { provider: string; model: string }

/** A request that has ended. */
export type SettledRequest = {
  id: string
  about: RequestAbout
  asked: AskedModel
  used: TokensUsed
  /** In millionths of a dollar; null if the model has no price. */
  costMicros: bigint | null
  outcome: Exclude<RequestOutcome, 'lost'>
  /** When it was begun (ms since 1970). */
  beganAt: number
}

/**
 * Stores requests that have ended, whether or not they were reserved, and adds them to the sums that
 * limits are checked against. Storing one twice changes nothing. Conversations, runs and people that
 * are gone are left out of the rows.
 */
export async function recordRequests(requests: SettledRequest[]): Promise<void> {
  if (requests.length > 0) await retryIdempotent(() => runSystemStatement('usage', makeSettleStatement(requests)))
}

/** The statement of `recordRequests`, for a transaction that writes other things too. */
export function makeSettleStatement(requests: SettledRequest[]): Prisma.Sql {
  const rows = requests.map(({ id, about, asked, used, costMicros, outcome, beganAt }) => ({
    id,
    owner_id: about.ownerId,
    thread_id: about.threadId ?? null,
    run_id: about.runId ?? null,
    purpose: about.purpose,
    provider: asked.provider,
    model: asked.model,
    assistant: about.assistant ?? null,
    input_tokens: used.input,
    cached_tokens: used.cached,
    output_tokens: used.output,
    reasoning_tokens: used.reasoning,
    is_estimated: used.isEstimated,
    cost_micros: costMicros?.toString() ?? null,
    outcome,
    // The database's clock counts, so that all replicas agree where a day ends.
    age_ms: Math.max(0, Date.now() - beganAt),
  }))
  // People, conversations and runs are held before the sums, in the order in which a deletion takes them.
  return Prisma.sql`
    WITH given AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(toStorable(rows))}::jsonb) AS given (id text, owner_id text, thread_id text,
        run_id text, purpose "RequestPurpose", provider text, model text, assistant text, input_tokens integer, cached_tokens integer,
        output_tokens integer, reasoning_tokens integer, is_estimated boolean, cost_micros bigint, outcome "RequestOutcome",
        age_ms double precision)
    ), owner AS (SELECT id FROM users WHERE id IN (SELECT owner_id FROM given) ORDER BY id FOR KEY SHARE),
    thread AS (SELECT id FROM threads WHERE id IN (SELECT thread_id FROM given) ORDER BY id FOR KEY SHARE),
    run AS (SELECT id FROM runs WHERE id IN (SELECT run_id FROM given) ORDER BY id FOR KEY SHARE),
    settled AS (
      INSERT INTO model_requests AS request (id, owner_id, thread_id, run_id, purpose, provider, model, assistant, input_tokens,
        cached_tokens, output_tokens, reasoning_tokens, is_estimated, cost_micros, outcome, created_at, settled_at)
      SELECT given.id, owner.id, thread.id, run.id, purpose, provider, model, assistant, input_tokens, cached_tokens, output_tokens,
        reasoning_tokens, is_estimated, cost_micros, outcome, now() - age_ms * interval '1 millisecond', now()
      FROM given LEFT JOIN owner ON owner.id = given.owner_id LEFT JOIN thread ON thread.id = given.thread_id
        LEFT JOIN run ON run.id = given.run_id
      ON CONFLICT (id) DO UPDATE SET input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens,
        output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens, is_estimated = excluded.is_estimated,
        cost_micros = excluded.cost_micros, outcome = excluded.outcome, settled_at = excluded.settled_at, input_cost_micros = NULL, expires_at = NULL
        WHERE request.settled_at IS NULL
      RETURNING ${TO_SUM}
    ) ${ADD_TO_SUMS}`
}

const TO_SUM = Prisma.sql`owner_id, created_at, input_tokens::bigint + output_tokens AS tokens, coalesce(cost_micros, 0) AS cost_micros`

/** Adds the rows that a CTE named `settled` returned (TO_SUM). In a fixed order, so that no two wait for each other. */
const ADD_TO_SUMS = Prisma.sql`
  INSERT INTO usage_sums AS total (owner_id, period, starts_on, tokens, cost_micros)
  SELECT owner_id, period, date_trunc(period::text, created_at AT TIME ZONE 'UTC')::date AS starts_on, sum(tokens), sum(cost_micros)
  FROM settled CROSS JOIN unnest(enum_range(NULL::"UsagePeriod")) AS period
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (owner_id, period, starts_on)
    DO UPDATE SET tokens = total.tokens + excluded.tokens, cost_micros = total.cost_micros + excluded.cost_micros`

/**
 * Settles reserved requests whose process died: the model has read their input, so that is what they
 * count for, as an estimate. Resolves to their number.
 */
export async function settleLostRequests(): Promise<number> {
  // People are held before their requests, in the order in which a deletion takes them.
  const [found] = await runSystemStatement<{ count: number }>(
    'usage',
    Prisma.sql`
      WITH owner AS (
        SELECT id FROM users WHERE id IN (SELECT owner_id FROM model_requests WHERE settled_at IS NULL AND expires_at < now())
        ORDER BY id FOR KEY SHARE
      ), settled AS (
        UPDATE model_requests SET output_tokens = 0, is_estimated = true, outcome = 'lost', settled_at = now(), expires_at = NULL,
          cost_micros = input_cost_micros, input_cost_micros = NULL
        WHERE settled_at IS NULL AND expires_at < now() AND (owner_id IS NULL OR owner_id IN (SELECT id FROM owner))
        RETURNING ${TO_SUM}
      ), added AS (${ADD_TO_SUMS})
      SELECT count(*)::integer AS count FROM settled`,
  )
  return found?.count ?? 0
}

/** One request as the page of its run shows it. */
export type RequestRow = {
  id: string
  purpose: RequestPurpose
  provider: string
  model: string
  assistant: string | null
  inputTokens: number
  cachedTokens: number
  outputTokens: number
  reasoningTokens: number
  costMicros: string | null
  isEstimated: boolean
  outcome: RequestOutcome | null
  createdAt: Date
  settledAt: Date | null
}

const ROWS_MAX = 200

/** The requests of anybody's run, in order, 200 at most. Only for callers whose admin role was checked. */
export function listRequestsOfRun(runId: string): Promise<RequestRow[]> {
  return runSystemStatement<RequestRow>(
    'admin',
    Prisma.sql`${ROW} WHERE run_id = ${runId} ORDER BY created_at, id LIMIT ${ROWS_MAX}`,
  )
}

const ROW = Prisma.sql`
  SELECT id, purpose, provider, model, assistant, input_tokens AS "inputTokens", cached_tokens AS "cachedTokens",
    output_tokens AS "outputTokens", reasoning_tokens AS "reasoningTokens", cost_micros AS "costMicros", is_estimated AS "isEstimated",
    outcome, created_at AS "createdAt", settled_at AS "settledAt"
  FROM model_requests`
