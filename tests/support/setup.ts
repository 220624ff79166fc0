import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeEach, expect, inject, vi } from 'vitest'
import { processStates } from '#tests/support/process-states.ts'

// A process runs many test files one after the other: the packages stay loaded, which is most of what
// a process costs. Each file begins with modules and settings of its own and without the last one's
// state. What a file changes in a package or in the runtime it changes back.
const inherited = rememberEnvironment()
for (const name of Object.keys(process.env)) if (!(name in inherited)) delete process.env[name]
Object.assign(process.env, inherited)
processStates().clear()
vi.resetModules()

// Each test file has its own database, a copy of the migrated template, and settings that reach
// nothing outside this machine.
const database = `test_${randomBytes(6).toString('hex')}`
const admin = inject('adminUrl')
const attachments = path.join(os.tmpdir(), database)

/** The environment as it was before the first test file of this process. */
function rememberEnvironment(): NodeJS.ProcessEnv {
  const shared = globalThis as { inheritedEnvironment?: NodeJS.ProcessEnv }
  shared.inheritedEnvironment ??= { ...process.env }
  return shared.inheritedEnvironment
}

function databaseUrl(role: string): string {
  const url = new URL(admin)
  url.username = role
  url.password = 'test'
  url.pathname = `/${database}`
  return url.href
}

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

for (const name of Object.keys(process.env))
  if (/^(OPENAI_|MCP_|SMTP_|OIDC_|GITHUB_|GOOGLE_|CHATKIT_|NEXTAUTH_|S3_|ATTACHMENT|SIGN_UP)/.test(name))
    delete process.env[name]
Object.assign(process.env, {
  APP_URL: 'http://127.0.0.1:3999',
  APP_SECRET: 'a secret of the tests, long enough',
  HOSTNAME: '127.0.0.1',
  LOG_LEVEL: 'silent',
  DATABASE_URL: databaseUrl('test_app'),
  DATABASE_DIRECT_URL: databaseUrl('test_owner'),
  ATTACHMENTS_DIR: attachments,
})

await asAdmin(`CREATE DATABASE ${database} TEMPLATE ${inject('template')} OWNER test_owner STRATEGY FILE_COPY`)

// What the product prints during a test is either a bug or belongs in an assertion.
const printed: string[] = []
beforeEach(() => {
  printed.length = 0
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation(
      (...parts: unknown[]) => void printed.push(`console.${method}: ${parts.map(String).join(' ')}`),
    )
  }
})
afterEach(({ task }) => {
  // A test in the table of docs/chatkit-parity.md must assert something
  // (tests/support/chatkit/parity.ts).
  task.meta.assertions = expect.getState().assertionCalls
  vi.restoreAllMocks()
  vi.useRealTimers()
  expect(printed, 'the console stays silent').toEqual([])
})

afterAll(async () => {
  // Many files need no database, and loading its client takes longer than most of their tests. The
  // names are those of the modules' processState. Nothing of this file may run on beside the next one.
  if (processStates().has('shutdown')) await (await import('#lib/platform/process/shutdown.ts')).shutDown(2_000)
  if (processStates().has('database')) await (await import('#lib/platform/db/db.ts')).closeDb()
  if (processStates().has('notify')) await (await import('#lib/platform/db/notify.ts')).closeNotify()
  await rm(attachments, { recursive: true, force: true })
  await asAdmin(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
})

declare module 'vitest' {
  interface TaskMeta {
    assertions?: number
  }
}
