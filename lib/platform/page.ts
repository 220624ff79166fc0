/**
 * One page of a list. `after` is the exclusive cursor of the next page, present only if there is
 * one.
 */
export type Page<T> = { data: T[]; has_more: boolean; after?: string }

/** Builds a page of `limit` rows from up to `limit + 1` rows that were read. */
export function toPage<T>(rows: T[], limit: number, cursor: (row: T) => string): Page<T> {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return rows.length > limit && last !== undefined
    ? { data, has_more: true, after: cursor(last) }
    : { data, has_more: false }
}
