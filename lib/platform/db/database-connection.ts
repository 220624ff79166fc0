import pg from 'pg'
import { isDatabaseDown } from '#lib/platform/errors.ts'

/** A query with a CTE only reads unless one of its words could write. A false alarm does no harm. */
const ONLY_READS = /^\s*(?:(?:BEGIN|SELECT)\b|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b))/is

/**
 * A connection that ignores a lost database when it commits a read-only transaction: there is
 * nothing to undo, and the rows that were read stay valid.
 */
export class DatabaseConnection extends pg.Client {
  #wrote = false

  // biome-ignore lint/suspicious/noExplicitAny: stands for each of pg's overloads
  override query(...call: any[]): any {
    const text: unknown = call[0]?.text ?? call[0]
    const answer = (super.query as (...call: unknown[]) => unknown).apply(this, call)
    if (text === 'BEGIN') this.#wrote = false
    if (text !== 'COMMIT') this.#wrote ||= typeof text !== 'string' || !ONLY_READS.test(text)
    else if (!this.#wrote && answer instanceof Promise) return answer.catch(isHarmlessLoss)
    return answer
  }
}

function isHarmlessLoss(error: unknown) {
  if (!isDatabaseDown(error)) throw error
  return { command: 'COMMIT', rowCount: 0, rows: [], fields: [] }
}
