import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import net from 'node:net'
import path from 'node:path'
import pg from 'pg'
import { afterEach, expect, inject, test } from 'vitest'
import { ROOT, STANDALONE } from '#scripts/build-freshness.ts'
import { ask, expectOk, makeFirstAccount } from '#scripts/local/first-visit.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { HELLO, lockedPdf, pdfOf } from '#tests/support/pdf.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { uploadFile } from '#tests/support/processes/upload-file.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const HELLO_TXT = { name: 'a.txt', mimeType: 'text/plain', bytes: new TextEncoder().encode('hello') }
const apps: AppServer[] = []

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop()
})

async function start(...options: Parameters<typeof startApp>): Promise<AppServer> {
  const app = await startApp(...options)
  apps.push(app)
  return app
}

test('the health checks answer, and SIGTERM ends the process cleanly', { timeout: BUILD_MS }, async () => {
  const app = await start()
  for (const path of ['live', 'ready']) {
    const answer = await fetch(`${app.url}/api/health/${path}`)
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }])
  }
  app.kill('SIGTERM')
  expect(await app.ended).toBe(0)
  expect(app.logs()).toContain('"msg":"stopped"')
})

test('a route’s own headers arrive, and unsupported methods and malformed addresses are refused', {
  timeout: BUILD_MS,
}, async () => {
  const app = await start()
  const visitor = await makeFirstAccount(app.url, app.logs)
  const { pathname, answer } = await uploadFile(visitor, HELLO_TXT)
  expect(answer.status).toBe(200)
  const download = await expectOk(visitor, pathname)
  expect(download.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  const other = await fetch(`${app.url}/api/health/live`)
  expect(other.headers.get('content-security-policy')).toContain("default-src 'none'")
  for (const path of ['/', '/chat', '/api/me', '/mcp', '/oauth/token', '/.well-known/x', '/chatkit.js'])
    expect([path, await trace(app.url + path)]).toEqual([path, 405])
  for (const path of [
    '/chat/%FF',
    '/oauth/consent/%E0%A4%A',
    '/api/me/tokens?after=%00',
    '/activity?after=a%00',
    '/admin/servers/%00',
  ])
    expect([path, (await fetch(app.url + path, { redirect: 'manual' })).status]).toEqual([path, 400])
  expect(await statusOf(app.url, { method: 'OPTIONS', path: '*' })).toBe(400)
  expect((await fetch(`${app.url}/api/health/live?x=%FF`)).status).toBe(200)
})

/** The status of a TRACE request, which fetch does not send. */
function trace(address: string): Promise<number | undefined> {
  return statusOf(address, { method: 'TRACE' })
}

async function statusOf(address: string, options: { method: string; path?: string }): Promise<number | undefined> {
  const [answer] = await once(request(address, options).end(), 'response')
  answer.resume()
  return answer.statusCode
}

test('ready is 503 without details while the database is gone, and a failed page is logged once', {
  timeout: BUILD_MS,
}, async () => {
  const app = await start()
  const admin = new pg.Client({ connectionString: inject('adminUrl') })
  await admin.connect()
  try {
    const database = new URL(app.databaseUrl).pathname.slice(1)
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database])
    const ready = await fetch(`${app.url}/api/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'database' }])
    expect((await fetch(`${app.url}/api/health/live`)).status).toBe(200)
    const page = await fetch(`${app.url}/sign-in`)
    const requestId = page.headers.get('x-request-id') ?? 'none'
    expect(page.status).toBe(500)
    const lines = () =>
      app
        .logs()
        .split('\n')
        .filter((line) => line.includes(requestId))
    await expect.poll(lines, { timeout: 30_000 }).toHaveLength(1)
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({
      level: 'error',
      msg: 'page failed',
      path: '/sign-in',
      digest: expect.any(String),
    })
    expect(app.logs()).not.toContain('⨯')
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`)
    await expect.poll(async () => (await fetch(`${app.url}/api/health/ready`)).status, { timeout: 30_000 }).toBe(200)
  } finally {
    await admin.end()
  }
})

test('at SIGTERM an open answer gets time to end, new ones are refused, and the process exits', {
  timeout: BUILD_MS,
}, async () => {
  await using model = await openAIServer({ text: ['One', ' two', ' three'], fault: { kind: 'silence', after: 6 } })
  const app = await start({ env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', SHUTDOWN_GRACE: '12' } })
  const visitor = await makeFirstAccount(app.url, app.logs)
  const answer = ask(visitor, 'Count to three.').catch((error: Error) => error)
  await expect.poll(() => model.requests.length, { timeout: 30_000 }).toBe(1)
  app.kill('SIGTERM')
  await expect
    .poll(async () => (await fetch(`${app.url}/api/health/ready`)).json())
    .toEqual({ status: 'unavailable', reason: 'shutting down' })
  await expect(ask(visitor, 'And now?')).rejects.toThrow(/\/api\/chatkit answered 503: .*restarting/)
  expect(await app.ended).toBe(0)
  expect(String(await answer)).toMatch(/The chat turn failed: .*"type":"error"/)
})

test('a request that never ends is given up 2 s after SHUTDOWN_GRACE, and a second signal changes nothing', {
  timeout: BUILD_MS,
}, async () => {
  const app = await start({ env: { SHUTDOWN_GRACE: '1' } })
  await fetch(`${app.url}/api/health/live`)
  const { hostname, port } = new URL(app.url)
  const socket = net.connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const head = `POST /api/auth/sign-up HTTP/1.1\r\nhost: ${hostname}\r\norigin: ${app.url}\r\n`
  socket.write(`${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"name":`)
  // The server has read it once it answers a later request of another connection.
  await fetch(`${app.url}/api/health/live`)
  app.kill('SIGTERM')
  await expect.poll(() => app.logs()).toContain('"msg":"shutting down"')
  app.kill('SIGINT')
  app.kill('SIGTERM')
  expect(await app.ended).toBe(1)
  expect(app.logs().match(/"msg":"shutting down"/g)).toHaveLength(1)
  expect(app.logs()).toContain('"msg":"the end took too long: exiting with work open"')
  expect(app.logs()).not.toContain('"msg":"stopped"')
  socket.destroy()
})

test('a server that starts before its database checks its role as soon as the database answers', {
  timeout: BUILD_MS,
}, async () => {
  await (await start()).stop()
  const database = await emptyDatabase()
  await withAdmin((admin) => admin.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS false`))
  const [port, url] = await findFreePort().then((free) => [String(free), `http://127.0.0.1:${free}`])
  const server = spawn(process.execPath, [path.join(STANDALONE, 'server.js')], {
    env: {
      ...{ PATH: process.env.PATH, NODE_ENV: 'production', HOSTNAME: '127.0.0.1', PORT: port },
      ...{
        APP_URL: url,
        APP_SECRET: 'x'.repeat(40),
        DATABASE_URL: inject('adminUrl').replace(/[^/]*$/, database.name),
      },
    } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  server.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const ended = once(server, 'close')
  try {
    const ready = () =>
      fetch(`${url}/api/health/ready`).then(
        ({ status }) => status,
        () => 0,
      )
    await expect.poll(ready, { timeout: 60_000 }).toBe(503)
    await withAdmin((admin) => admin.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS true`))
    expect(await ended).toEqual([1, null])
    expect(said).toMatch(/"level":"fatal".*DATABASE_URL signs in as .*superuser/)
  } finally {
    server.kill('SIGKILL')
    await database.drop()
  }
})

test('a start that cannot work ends with sentences and no stack trace', { timeout: BUILD_MS }, async () => {
  const app = await start()
  const databaseUrl = new URL(app.databaseUrl)
  databaseUrl.username = 'test_app'
  const good = {
    APP_URL: 'http://127.0.0.1:3999',
    APP_SECRET: 'x'.repeat(40),
    DATABASE_URL: databaseUrl.href,
    PORT: String(await findFreePort()),
  }
  const saidBy = (env: Record<string, string>) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/start.ts'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { NODE_ENV: 'production', PATH: process.env.PATH, NEXT_DIST_DIR: process.env.NEXT_DIST_DIR, ...env },
    })
    expect([status, stderr]).toEqual([1, ''])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.at(-1)).toMatchObject({ level: 'fatal' })
    return lines.at(-1).msg
  }
  expect(saidBy({ ...good, APP_SECRET: 'short', APP_URL: '' })).toBe(
    'APP_URL is missing. For example: APP_URL=https://chat.example.com\n' +
      'APP_SECRET must have at least 32 characters. For example: APP_SECRET=the output of `openssl rand -base64 48`',
  )
  expect(saidBy({ ...good, DATABASE_URL: app.databaseUrl })).toMatch(
    /^DATABASE_URL signs in as "test_owner", which owns the tables .*\.$/,
  )
  const store = { ATTACHMENTS_DIR: path.join(ROOT, 'package.json/files') }
  expect(saidBy({ ...good, ...store })).toBe(
    `Attached files cannot be kept in ${store.ATTACHMENTS_DIR}: ENOTDIR. Let this user write there, set ATTACHMENTS_DIR to a folder that it can write, or set ATTACHMENTS=off.`,
  )
  const nowhere = `http://127.0.0.1:${await findFreePort()}`
  const bucket = { S3_ENDPOINT: nowhere, S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' }
  expect(saidBy({ ...good, ...bucket })).toMatch(
    /^Attached files cannot be kept in the bucket files at http:.*: fetch failed\. Check S3_ENDPOINT/,
  )
  // If attachments are off, nothing has to be writable.
  expect(saidBy({ ...good, ...store, ATTACHMENTS: 'off', DATABASE_URL: app.databaseUrl })).toMatch(
    /^DATABASE_URL signs in/,
  )
  expect(saidBy({ ...good, PORT: new URL(app.url).port })).toMatch(
    /^Port \d+ of 127.0.0.1 is in use by another program. .*\.?$/,
  )
})

test('uploaded files are stored in ATTACHMENTS_DIR, relative to the folder of the start', {
  timeout: BUILD_MS,
}, async () => {
  const folder = path.relative(process.cwd(), path.join(ROOT, 'node_modules/.cache', `uploads-${crypto.randomUUID()}`))
  const app = await start({ env: { ATTACHMENTS_DIR: folder } })
  try {
    const visitor = await makeFirstAccount(app.url, app.logs)
    const attach = async (name: string, mimeType: string, bytes: Uint8Array<ArrayBuffer>) => {
      const { answer } = await uploadFile(visitor, { name, mimeType, bytes })
      return { status: answer.status, ...((await answer.json()) as { message?: string }) }
    }
    expect(await attach('a.txt', 'text/plain', new TextEncoder().encode('hello'))).toMatchObject({ status: 200 })
    // The program that opens files, and everything it needs, is in the build.
    expect(await attach('a.png', 'image/png', new Uint8Array(PNG))).toMatchObject({ status: 200 })
    expect(await attach('b.png', 'image/png', new Uint8Array(PNG.subarray(0, 45)))).toMatchObject({
      status: 415,
      message: expect.stringContaining('damaged'),
    })
    expect(await attach('a.pdf', 'application/pdf', new Uint8Array(pdfOf(HELLO)))).toMatchObject({ status: 200 })
    expect(await attach('b.pdf', 'application/pdf', new Uint8Array(lockedPdf()))).toMatchObject({
      status: 415,
      message: expect.stringContaining('password'),
    })
    expect(app.logs()).not.toContain('attached files cannot be opened')
    const files = await readdir(folder, { recursive: true })
    expect(files.filter((name) => /atc_/.test(name))).toHaveLength(3)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('on Vercel the build command migrates, and the server runs without our start script', {
  timeout: BUILD_MS,
}, async () => {
  const { buildCommand } = JSON.parse(await readFile(path.join(ROOT, 'vercel.json'), 'utf8'))
  expect(buildCommand).toBe('npm run migrate && npm run build')
  const app = await start()
  const empty = await emptyDatabase()
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: 'production',
    DATABASE_URL: empty.appUrl,
  } as NodeJS.ProcessEnv
  const migrated = spawnSync('npm', ['run', '--silent', 'migrate'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...env, DATABASE_DIRECT_URL: empty.ownerUrl },
  })
  expect(migrated.stdout).toMatch(/^applied migration \d+_init$/m)
  await app.stop()

  const port = new URL(app.url).port
  const server = spawn(process.execPath, [path.join(STANDALONE, 'server.js')], {
    env: { ...env, VERCEL: '1', APP_URL: app.url, APP_SECRET: 'x'.repeat(40), PORT: port, HOSTNAME: '127.0.0.1' },
    stdio: 'ignore',
  })
  try {
    await expect
      .poll(
        () =>
          fetch(`${app.url}/api/health/ready`).then(
            (answer) => answer.status,
            () => 0,
          ),
        { timeout: 60_000 },
      )
      .toBe(200)
    const { events } = await ask(await makeFirstAccount(app.url, () => ''), 'add a task: buy milk')
    expect(JSON.stringify(events)).toContain('Add a task')
  } finally {
    server.kill('SIGKILL')
    await empty.drop()
  }
})

async function withAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('adminUrl') })
  await admin.connect()
  await work(admin).finally(() => admin.end())
}

async function emptyDatabase(): Promise<{ name: string; ownerUrl: string; appUrl: string; drop(): Promise<void> }> {
  const name = `test_empty_${randomBytes(4).toString('hex')}`
  const urlOf = (role: string) =>
    Object.assign(new URL(inject('adminUrl')), { username: role, password: 'test', pathname: `/${name}` }).href
  await withAdmin((admin) => admin.query(`CREATE DATABASE ${name} OWNER test_owner`))
  const drop = () => withAdmin((admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`))
  return { name, ownerUrl: urlOf('test_owner'), appUrl: urlOf('test_app'), drop }
}
