import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ToolCallStatus } from '#lib/generated/prisma/enums.ts'
import { escapeLike } from '#lib/platform/db/escape-like.ts'
import type { ListSort } from './list-order.ts'

/** A status, or `made`: not declined, or `unsuccessful`: failed, or its outcome is unknown. */
export type CallStatusFilter = ToolCallStatus | 'made' | 'unsuccessful'

/** What was asked of the call's person: nothing, something, or what came of it. */
export const APPROVAL_FILTERS = ['none', 'asked', 'pending', 'approved', 'denied', 'expired'] as const
export type ApprovalFilter = (typeof APPROVAL_FILTERS)[number]

/** Stands for what has no assistant, model or client. */
export const NOBODY = '-'

export type ToolCallFilter = {
  status?: CallStatusFilter
  tool?: string
  server?: string
  /** A model's id at its provider, the short name of an assistant, a client's name; or NOBODY. */
  model?: string
  assistant?: string
  client?: string
  /** How the call came: chat, mcp, repeat. */
  via?: string
  ownerId?: string
  /** Part of the person's name or address. */
  person?: string
  threadId?: string
  runId?: string
  failureClass?: string
  approval?: ApprovalFilter
  /** Started at or after `since`, and before `until`. */
  since?: Date
  until?: Date
  /** Took at least, and at most, so many milliseconds. */
  slowerMs?: number
  fasterMs?: number
  /** Words, or "words side by side", that arguments, result or error message hold, as they are stored. */
  search?: string
  sort?: ListSort
  /** The cursor of the previous page. */
  after?: string
  /** From 1 to 200; default 50. */
  limit?: number
}

/** What is not in a call's row itself is looked up once for the statement, so that an index can find the rows. */
export const isPerson = (owner: Prisma.Sql, typed: string) => {
  const like = `%${escapeLike(typed)}%`
  return Prisma.sql`${owner} IN (SELECT id FROM users WHERE name ILIKE ${like} OR email ILIKE ${like})`
}
export const isAssistant = (version: Prisma.Sql, slug: string) =>
  slug === NOBODY
    ? Prisma.sql`${version} IS NULL`
    : Prisma.sql`${version} = ANY(ARRAY(SELECT v.id FROM assistant_versions v JOIN assistants a ON a.id = v.assistant_id WHERE a.slug = ${slug}))`
export const isOrNone = (column: Prisma.Sql, value: string) =>
  value === NOBODY ? Prisma.sql`${column} IS NULL` : Prisma.sql`${column} = ${value}`

const APPROVAL = Prisma.sql`SELECT FROM approvals a WHERE a.thread_id = c.thread_id AND a.server = c.server AND a.tool = c.tool AND a.call_id = c.call_id`

/** The conditions of a filter on `tool_calls AS c`, without its page. */
export function toCallConditions(filter: ToolCallFilter): Prisma.Sql {
  const { status, approval, since, until, slowerMs, fasterMs } = filter
  const all: Prisma.Sql[] = [Prisma.sql`TRUE`]
  if (status) all.push(hasStatus(status))
  if (filter.tool) all.push(Prisma.sql`c.tool = ${filter.tool}`)
  if (filter.server) all.push(Prisma.sql`c.server = ${filter.server}`)
  if (filter.model) all.push(isOrNone(Prisma.sql`c.model`, filter.model))
  if (filter.client) all.push(isOrNone(Prisma.sql`c.client_name`, filter.client))
  if (filter.assistant) all.push(isAssistant(Prisma.sql`c.assistant_version_id`, filter.assistant))
  if (filter.via) all.push(Prisma.sql`c.via = ${filter.via}`)
  if (filter.ownerId) all.push(Prisma.sql`c.owner_id = ${filter.ownerId}`)
  if (filter.person) all.push(isPerson(Prisma.sql`c.owner_id`, filter.person))
  if (filter.threadId) all.push(Prisma.sql`c.thread_id = ${filter.threadId}`)
  if (filter.runId) all.push(Prisma.sql`c.run_id = ${filter.runId}`)
  if (filter.failureClass) all.push(Prisma.sql`c.failure_class = ${filter.failureClass}`)
  if (approval === 'none') all.push(Prisma.sql`NOT EXISTS (${APPROVAL})`)
  else if (approval === 'asked') all.push(Prisma.sql`EXISTS (${APPROVAL})`)
  else if (approval) all.push(Prisma.sql`EXISTS (${APPROVAL} AND a.status = ${approval})`)
  if (since) all.push(Prisma.sql`c.started_at >= ${since}`)
  if (until) all.push(Prisma.sql`c.started_at < ${until}`)
  if (slowerMs !== undefined) all.push(Prisma.sql`c.duration_ms >= ${slowerMs}`)
  if (fasterMs !== undefined) all.push(Prisma.sql`c.duration_ms <= ${fasterMs}`)
  for (const words of listWanted(filter.search ?? '')) all.push(holds(words))
  return Prisma.join(all, ' AND ')
}

function hasStatus(status: CallStatusFilter): Prisma.Sql {
  if (status === 'made') return Prisma.sql`c.status <> 'declined'`
  if (status === 'unsuccessful') return Prisma.sql`c.status IN ('failed', 'unknown')`
  return Prisma.sql`c.status = ${status}::"ToolCallStatus"`
}

const WANTED_MAX = 8

/** The words of a search, and what stands in quotes, eight at most. */
function listWanted(search: string): string[] {
  return [...search.matchAll(/"([^"]+)"?|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word).slice(0, WANTED_MAX)
}

function holds(words: string): Prisma.Sql {
  const like = (text: string) => `%${escapeLike(text)}%`
  // As the text stands in stored JSON.
  const inJson = like(JSON.stringify(words).slice(1, -1))
  return Prisma.sql`(c.arguments::text ILIKE ${inJson} OR c.result::text ILIKE ${inJson} OR c.error_message ILIKE ${like(words)})`
}
