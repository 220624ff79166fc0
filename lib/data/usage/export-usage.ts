import { stringify } from 'csv-stringify/sync'
import { SUMS } from '#lib/data/usage/usage-report.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import { toDecimalText } from '#lib/platform/text/money-text.ts'

const BATCH = 500
const COLUMNS = [
  'day',
  'person',
  'address',
  'provider',
  'model',
  'assistant',
  'purpose',
  'requests',
  'estimated',
  'unpriced',
  'input_tokens',
  'cached_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_usd',
]

type Row = {
  day: string
  ownerId: string
  person: string | null
  address: string | null
  provider: string
  model: string
  assistant: string
  purpose: string
  requests: number
  estimated: number
  unpriced: number
} & Record<'input' | 'cached' | 'output' | 'reasoning' | 'costMicros', string>

/**
 * Yields what everybody used as CSV: a line for each day (UTC), person, provider, model, assistant
 * and purpose. Texts that a spreadsheet would take for formulas are made harmless: they come from
 * people and providers. Holds at most 500 lines at a time. Only for callers whose admin role was
 * checked.
 */
export async function* exportUsage(since: Date): AsyncGenerator<string> {
  yield toLines([COLUMNS])
  for (const day = new Date(since); day <= new Date(); day.setUTCDate(day.getUTCDate() + 1)) {
    let after: Row | undefined
    do {
      const rows: Row[] = await readLines(day, after)
      if (rows.length > 0) yield toLines(rows.map(toCells))
      after = rows.length === BATCH ? rows.at(-1) : undefined
    } while (after)
  }
}

function readLines(day: Date, after: Row | undefined): Promise<Row[]> {
  const { ownerId = '', provider = '', model = '', assistant = '', purpose = '' } = after ?? {}
  const start = day.toISOString().slice(0, 10)
  return runSystemStatement<Row>(
    'admin',
    Prisma.sql`
      SELECT ${start} AS day, part."ownerId", u.name AS person, u.email AS address, part.provider, part.model, part.assistant, part.purpose,
        part.requests, part.estimated, part.unpriced, part.input, part.cached, part.output, part.reasoning, part."costMicros"
      FROM (
        SELECT coalesce(r.owner_id, '') AS "ownerId", r.provider, r.model, coalesce(r.assistant, '') AS assistant, r.purpose::text AS purpose,
          ${SUMS}
        FROM model_requests r
        WHERE r.settled_at IS NOT NULL AND r.created_at >= ${start}::timestamp AT TIME ZONE 'UTC'
          AND r.created_at < (${start}::timestamp + interval '1 day') AT TIME ZONE 'UTC'
          AND (coalesce(r.owner_id, ''), r.provider, r.model, coalesce(r.assistant, ''), r.purpose::text)
            > (${ownerId}, ${provider}, ${model}, ${assistant}, ${purpose})
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT ${BATCH}
      ) AS part LEFT JOIN users u ON u.id = part."ownerId"
      ORDER BY part."ownerId", part.provider, part.model, part.assistant, part.purpose`,
  )
}

function toCells(row: Row): (string | number)[] {
  return [
    row.day,
    row.person ?? (row.ownerId === '' ? 'Deleted account' : row.ownerId),
    row.address ?? '',
    row.provider,
    row.model,
    row.assistant,
    row.purpose,
    row.requests,
    row.estimated,
    row.unpriced,
    row.input,
    row.cached,
    row.output,
    row.reasoning,
    toDecimalText(BigInt(row.costMicros)),
  ]
}

const toLines = (rows: unknown[][]) => stringify(rows, { escape_formulas: true, record_delimiter: 'windows' })
