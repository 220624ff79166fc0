import pg from 'pg'
import { inject } from 'vitest'
import { env } from '#lib/platform/env.ts'

// Two walls separate people: the owner condition of every query, and row-level security. Each can
// be taken down here to show that the other holds alone. The product has no such switch.

/** Switches row-level security off in this test file's database. */
export async function dropRowLevelSecurity(): Promise<void> {
  const url = new URL(inject('adminUrl'))
  url.pathname = new URL(env().DATABASE_URL).pathname
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    await client.query(`DO $$ DECLARE t regclass; BEGIN
      FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity LOOP
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t);
      END LOOP;
    END $$`)
  } finally {
    await client.end()
  }
}

type Statement = { text?: string; values?: unknown[] }
type Run = (statement: string | Statement, values?: unknown[], ...rest: unknown[]) => unknown

/**
 * Makes every owner condition of this test file's queries true. In a transaction of one person,
 * that is whatever is compared with that person's id, in Prisma's own statements and in raw SQL.
 * System transactions look across people on purpose and stay unchanged. `changed` has the changed
 * statements, so that a test can check that there are any. Every test file of the process is affected
 * until `restore` is called.
 */
export function dropOwnerConditions(): { changed: Set<string>; restore: () => void } {
  const changed = new Set<string>()
  const whose = new WeakMap<pg.Client, string>()
  const prototype = pg.Client.prototype as unknown as { query: Run }
  const { query } = prototype
  prototype.query = function (this: pg.Client, statement, ...rest) {
    const object: Statement = typeof statement === 'string' ? { text: statement } : statement
    const values = object.values ?? (Array.isArray(rest[0]) ? rest[0] : [])
    const text = object.text ?? ''
    const person = personSetBy(text, values)
    if (person !== undefined) whose.set(this, person)
    if (/^\s*(COMMIT|ROLLBACK|BEGIN)\b/i.test(text)) whose.delete(this)
    const open = withoutOwner(text, values, person === undefined ? whose.get(this) : undefined)
    if (open !== text) changed.add(text)
    return query.call(
      this,
      typeof statement === 'string' ? open : Object.assign(statement, { text: open }),
      ...(rest as []),
    )
  }
  const restore = () => {
    prototype.query = query
  }
  return { changed, restore }
}

/** The person for whom `lib/platform/db/db.ts` begins a transaction with this statement. */
function personSetBy(text: string, values: unknown[]): string | undefined {
  return /set_config\(\$1, \$2, true\)/.test(text) ? (values[0] === 'app.user_id' ? String(values[1]) : '') : undefined
}

function withoutOwner(text: string, values: unknown[], person: string | undefined): string {
  if (!person) return text
  return text.replace(/((?:"?\w+"?\.)*"?\w+"?)\s*=\s*\$(\d+)(?!\d)/g, (condition, _column, number) =>
    values[Number(number) - 1] === person ? `(${condition} OR TRUE)` : condition,
  )
}
