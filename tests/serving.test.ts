import { spawnSync } from 'node:child_process'
import { afterEach, expect, inject, test } from 'vitest'
import { ROOT } from '#scripts/build-freshness.ts'
import { type AppServer, startApp } from '#tests/support/app-server.ts'

const BUILD_MS = 240_000
const apps: AppServer[] = []

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop()
})

async function start(...options: Parameters<typeof startApp>): Promise<AppServer> {
  const app = await startApp(...options)
  apps.push(app)
  return app
}

test('health, and a clean end at SIGTERM', { timeout: BUILD_MS }, async () => {
  const app = await start()
  for (const path of ['live', 'ready']) {
    const answer = await fetch(`${app.url}/api/health/${path}`)
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }])
  }
  app.kill('SIGTERM')
  expect(await app.ended).toBe(0)
  expect(app.logs()).toContain('"msg":"stopped"')
})

test('ready says 503 and nothing more while the database is gone', { timeout: BUILD_MS }, async () => {
  const app = await start()
  const { default: pg } = await import('pg')
  const admin = new pg.Client({ connectionString: inject('adminUrl') })
  await admin.connect()
  try {
    const database = new URL(app.databaseUrl).pathname.slice(1)
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database])
    const ready = await fetch(`${app.url}/api/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'database' }])
    expect((await fetch(`${app.url}/api/health/live`)).status).toBe(200)
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`)
    await expect.poll(async () => (await fetch(`${app.url}/api/health/ready`)).status, { timeout: 10_000 }).toBe(200)
  } finally {
    await admin.end()
  }
})

test('a start that cannot work ends with sentences and no stack', { timeout: BUILD_MS }, async () => {
  const app = await start()
  const databaseUrl = new URL(app.databaseUrl)
  databaseUrl.username = 'test_app'
  const good = { APP_URL: 'http://127.0.0.1:3999', APP_SECRET: 'x'.repeat(40), DATABASE_URL: databaseUrl.href, PORT: '0' }
  const saidBy = (env: Record<string, string>) => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/start.ts'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { NODE_ENV: 'production', PATH: process.env.PATH, NEXT_DIST_DIR: process.env.NEXT_DIST_DIR, ...env },
    })
    expect(status).toBe(1)
    return stderr.trim()
  }
  expect(saidBy({ ...good, APP_SECRET: 'short', APP_URL: '' })).toBe(
    'APP_URL is missing. For example: APP_URL=https://chat.example.com\n' +
      'APP_SECRET must have at least 32 characters. For example: APP_SECRET=the output of `openssl rand -base64 48`',
  )
  expect(saidBy({ ...good, DATABASE_URL: app.databaseUrl })).toMatch(/^DATABASE_URL signs in as "test_owner", which owns the tables .*\.$/)
  expect(saidBy({ ...good, PORT: new URL(app.url).port })).toMatch(/^Port \d+ of 127.0.0.1 is in use by another program. .*\.?$/)
})
