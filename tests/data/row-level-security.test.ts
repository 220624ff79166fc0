import pg from 'pg'
import { beforeAll, expect, inject, test } from 'vitest'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'

// The second wall: a query whose author forgot the owner. The tables are taken from the database,
// so none is missed.

const ANN = { userId: 'usr_ann' }
const BOB = { userId: 'usr_bob' }
/** Tables without a person's data. */
const OPEN = ['_prisma_migrations', 'rate_limits']
/**
 * Tables that everyone may read but only the system may change: decisions of admins that apply to
 * all.
 */
const SHARED = ['tool_policies']
/** Tables that the application may add to, but neither change nor empty. */
const ONLY_ADDED = ['audit_events']

type Table = { name: string; owner: string | null; forced: boolean; policies: number; columns: Column[] }
type Column = { name: string; type: string; kind: string; category: string; fill: boolean }

let tables: Table[] = []

async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = new URL(inject('adminUrl'))
  url.pathname = new URL(env().DATABASE_URL).pathname
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const TABLES = `
  SELECT c.relname AS name, c.relforcerowsecurity AND c.relrowsecurity AS forced,
    (SELECT count(*)::int FROM pg_policy WHERE polrelid = c.oid) AS policies,
    (SELECT substring(pg_get_expr(polqual, polrelid) FROM '^\\((\\w+) = ') FROM pg_policy
      WHERE polrelid = c.oid AND polname = 'owner_only') AS owner,
    (SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, NULL), 'kind', typtype, 'category', typcategory,
        'fill', attnotnull AND NOT atthasdef AND attgenerated = '') ORDER BY attnum)
      FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
  FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`

/** Any value of the column's type. */
function anyValue({ type, kind, category }: Column): string {
  if (kind === 'e') return `(enum_range(NULL::${type}))[1]`
  const byCategory: Record<string, string> = { S: "'x'", N: '1', D: 'now()', B: 'true', A: "'{}'" }
  const value = type === 'jsonb' ? "'{}'" : type === 'bytea' ? "''" : byCategory[category]
  if (!value) throw new Error(`no value for a column of type ${type}`)
  return value
}

function insertFor({ name, owner, columns }: Table, person: { userId: string }): string {
  const filled = columns.filter((column) => column.fill || column.name === owner)
  const values = filled.map((column) => (column.name === owner ? `'${person.userId}'` : anyValue(column)))
  return `INSERT INTO "${name}" (${filled.map((column) => `"${column.name}"`).join(', ')}) VALUES (${values.join(', ')})`
}

beforeAll(async () => {
  tables = await asSuperuser(async (client) => {
    const { rows } = await client.query<Table>(TABLES)
    // One row per table, without its foreign rows: foreign keys are not tested here.
    await client.query("SET session_replication_role = 'replica'")
    for (const table of rows) if (!OPEN.includes(table.name)) await client.query(insertFor(table, ANN))
    return rows
  })
})

const count = async (tx: Tx, name: string) =>
  Number((await tx.$queryRawUnsafe<{ n: bigint }[]>(`SELECT count(*) AS n FROM "${name}"`))[0]?.n)

test('every table except two has row-level security that binds even the table’s owner', () => {
  expect(tables.length).toBeGreaterThan(10)
  const without = tables.filter((table) => !table.forced || table.policies === 0).map((table) => table.name)
  expect(without).toEqual(OPEN)
})

test('a query without an owner condition neither reads nor changes another person’s rows; owner and system see them', async () => {
  for (const { name, owner, columns } of tables.filter((table) => !OPEN.includes(table.name))) {
    const column = columns[0]?.name
    const touch = `UPDATE "${name}" SET "${column}" = "${column}"`
    const remove = `DELETE FROM "${name}"`
    await withCaller(BOB, async (tx) => {
      expect([name, 'seen', await count(tx, name)]).toEqual([name, 'seen', SHARED.includes(name) ? 1 : 0])
      if (ONLY_ADDED.includes(name)) return
      expect([name, 'changed', await tx.$executeRawUnsafe(touch)]).toEqual([name, 'changed', 0])
      expect([name, 'deleted', await tx.$executeRawUnsafe(remove)]).toEqual([name, 'deleted', 0])
    })
    if (ONLY_ADDED.includes(name))
      for (const change of [touch, remove])
        await expect(withSystem('admin', (tx) => tx.$executeRawUnsafe(change))).rejects.toThrow(/permission denied/)
    expect([name, await withCaller(ANN, (tx) => count(tx, name))]).toEqual([
      name,
      owner || SHARED.includes(name) ? 1 : 0,
    ])
    expect([name, await withSystem('admin', (tx) => count(tx, name))]).toEqual([name, 1])
  }
})

test('a person cannot write a row for another or give one away', async () => {
  for (const table of tables.filter((one) => one.owner)) {
    await expect(
      withCaller(BOB, (tx) => tx.$executeRawUnsafe(insertFor(table, ANN))),
      table.name,
    ).rejects.toThrow(/row-level security/)
    const give = `UPDATE "${table.name}" SET "${table.owner}" = '${BOB.userId}'`
    await expect(
      withCaller(ANN, (tx) => tx.$executeRawUnsafe(give)),
      table.name,
    ).rejects.toThrow(/row-level security/)
  }
})

test('the same holds for Prisma’s own queries on every model', async () => {
  const SHARED_MODELS: string[] = ['ToolPolicy']
  const models = Object.values(Prisma.ModelName).filter((model) => model !== 'RateLimiterFlexible')
  expect(models.length).toBeGreaterThan(10)
  for (const model of models) {
    const key = (model.charAt(0).toLowerCase() + model.slice(1)) as 'task'
    await withCaller(BOB, async (tx) => {
      if (!SHARED_MODELS.includes(model)) expect([model, await tx[key].findMany()]).toEqual([model, []])
      if (model !== 'AuditEvent') expect([model, await tx[key].deleteMany()]).toEqual([model, { count: 0 }])
    })
    expect([model, await withSystem('admin', (tx) => tx[key].count())]).toEqual([model, 1])
  }
})

test('an empty or odd user id sees nothing', async () => {
  for (const userId of ['', '%', "' OR true --", 'usr_ann '])
    expect([userId, await withCaller({ userId }, (tx) => tx.task.findMany())]).toEqual([userId, []])
})
