import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'

const SCHEMA = path.join(import.meta.dirname, '../prisma/schema.prisma')
const NOTHING = '-- This is an empty migration.'
const CHAR = 18
const UUID = 2950

/**
 * The SQL that would bring the database at `databaseUrl` up to prisma/schema.prisma, computed by
 * Prisma's own schema engine (its WebAssembly build from npm, because the native one is a
 * download). Ignores what Prisma cannot see, such as policies.
 */
export async function diffSchema(databaseUrl: string): Promise<string> {
  engineLoaded ??= loadEngine()
  await engineLoaded
  const schema = { path: SCHEMA, content: await readFile(SCHEMA, 'utf8') }
  const pool = new CatalogPool({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new CatalogAdapter(pool))
    const diff = await (
      await engine.SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, () => {}, adapter)
    ).diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: path.dirname(SCHEMA) },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return (diff.stdout ?? '').replace(NOTHING, '').trim()
  } finally {
    await pool.end()
  }
}

// PostgreSQL's catalogue has columns of the internal type "char". Prisma's adapter does not know
// the type, and the engine wants a character. So the type passes the adapter as uuid, which the
// catalogue does not use, and gets its right name afterwards.
class CatalogPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of `query` cannot be named one by one
  override query(...args: any[]): any {
    const answer: unknown = super.query(...(args as [string]))
    return answer instanceof Promise ? answer.then(withCharAsUuid) : answer
  }
}

function withCharAsUuid(result: pg.QueryResult): pg.QueryResult {
  for (const field of result.fields ?? []) if (field.dataTypeID === CHAR) field.dataTypeID = UUID
  return result
}

class CatalogAdapter extends PrismaPg {
  override async connect() {
    const connection = await super.connect()
    const queryRaw = connection.queryRaw.bind(connection)
    connection.queryRaw = async (query) => {
      const result = await queryRaw(query)
      return {
        ...result,
        columnTypes: result.columnTypes.map((type) => (type === ColumnTypeEnum.Uuid ? ColumnTypeEnum.Character : type)),
      }
    }
    return connection
  }
}

// Loaded once per process: a second instance would lose the first one's memory.
let engineLoaded: Promise<void> | undefined

async function loadEngine(): Promise<void> {
  const folder = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
  const wasm = await readFile(path.join(folder, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': engine as unknown as WebAssembly.ModuleImports,
  })
  const exports = instance.exports as WebAssembly.Exports & { __wbindgen_start(): void }
  ;(engine as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void }).__wbg_set_wasm(exports)
  exports.__wbindgen_start()
}
