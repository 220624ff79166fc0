import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ROOT } from '#scripts/build-freshness.ts'
import { expectOk, type Visitor } from '#scripts/local/first-visit.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { deltas, message, open, post } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { SELF_SIGNED } from '#tests/support/processes/self-signed.ts'
import { uploadFile } from '#tests/support/processes/upload-file.ts'
import { withSettings } from '#tests/support/settings.ts'

// Each sample of deploy/proxies in front of two replicas. Only names, ports and paths of the sample are replaced.

type Sample = { name: string; file: string; run(file: string): string[] }
const SAMPLES: Sample[] = [
  { name: 'nginx', file: 'nginx.conf', run: (file) => ['nginx', '-c', file] },
  { name: 'HAProxy', file: 'haproxy.cfg', run: (file) => ['haproxy', '-f', file] },
  { name: 'Caddy', file: 'Caddyfile', run: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file] },
]

let folder: string
let model: OpenAIServer
const started: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-proxies-'))
  model = await openAIServer()
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()))
})
afterAll(async () => {
  await model?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

for (const sample of SAMPLES)
  test(`${sample.name}: large files, words as they come, the address of the person, a replica that ends`, async () => {
    const { url, one, two } = await serve(sample)
    withSettings({ APP_URL: url })
    const person = await signedIn()
    const [name, value] = person.headers.cookie.split(/=(.*)/s) as [string, string]
    const visitor: Visitor = { url, cookies: new Map([[name, value]]) }

    // A file as large as the settings allow; what is larger is refused by the product, in a sentence.
    const limit = 20 * 1024 ** 2
    const file = (size: number) => ({
      name: 'a.txt',
      mimeType: 'text/plain',
      bytes: new TextEncoder().encode('hello '.repeat(size)).slice(0, size),
    })
    expect((await uploadFile(visitor, file(limit))).answer.status).toBe(200)
    const announced = { name: 'a.txt', size: limit + 1, mime_type: 'text/plain' }
    const refused = await post(url, person, 'attachments.create', announced)
    expect([refused.status, ((await refused.json()) as { message: string }).message]).toEqual([
      413,
      expect.stringContaining('20 MB'),
    ])

    // The first words are here while the model still writes.
    model.script({ text: ['one ', 'two ', 'three '], pace: 50, fault: { kind: 'silence', after: 3 } })
    const stream = await open(url, person, 'threads.create', message('go'))
    await stream.read(() => deltas(stream.received) >= 1)
    await post(url, person, 'threads.stop', { thread_id: stream.threadId })
    await stream.read()

    // Whoever sends X-Forwarded-For is not believed: the limit for sign-in counts the address that the proxy saw.
    const statuses: number[] = []
    for (let n = 0; n < 40 && !statuses.includes(429); n++) {
      const { status } = await fetch(`${url}/api/auth/forgot-password`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: url, 'x-forwarded-for': `203.0.113.${n}` },
        body: JSON.stringify({ email: `nobody-${n}@example.com` }),
      })
      statuses.push(status)
    }
    expect(statuses).toContain(429)

    // A replica ends while it answers: its answer goes on, new requests go to the other one.
    model.script({ text: ['slow ', ...Array.from({ length: 30 }, () => 'and '), 'done.'], pace: 100 })
    const last = await open(url, person, 'threads.create', message('once more'))
    await last.read(() => deltas(last.received) >= 1)
    const busy = one.logs().includes(last.runId) ? one : two
    busy.kill('SIGTERM')
    await last.read()
    expect(last.events.at(-1)?.type).toBe('thread.item.done')
    await busy.ended
    const answered: number[] = []
    for (let n = 0; n < 20; n++) {
      const answer = await expectOk(visitor, '/api/me')
      answered.push(answer.status)
      await sleep(20)
    }
    expect(new Set(answered)).toEqual(new Set([200]))
  })

/** The sample in front of two replicas that run. */
async function serve({ file, run }: Sample): Promise<{ url: string; one: AppServer; two: AppServer }> {
  const port = await findFreePort()
  const plain = await findFreePort()
  const url = `https://localhost:${port}`
  const env = {
    APP_URL: url,
    TRUSTED_PROXIES: '1',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test',
    THREAD_TITLES: 'first_words',
  }
  const databaseUrl = process.env.DATABASE_DIRECT_URL ?? ''
  const replicas: AppServer[] = []
  for (const _ of ['one', 'two']) {
    const app = await startApp({ databaseUrl, env })
    started.push(app)
    replicas.push(app)
  }
  const [one, two] = replicas as [AppServer, AppServer]
  const written = await writeSample(file, { one: new URL(one.url).host, two: new URL(two.url).host, port, plain })
  started.push(await startProxy(run(written), url))
  return { url, one, two }
}

/** The sample with the test's names, ports and paths, written to a folder. Each must be in it. */
async function writeSample(
  file: string,
  { one, two, port, plain }: { one: string; two: string; port: number; plain: number },
): Promise<string> {
  await writeFile(path.join(folder, 'cert.pem'), SELF_SIGNED.cert)
  await writeFile(path.join(folder, 'key.pem'), SELF_SIGNED.key)
  await writeFile(path.join(folder, 'both.pem'), `${SELF_SIGNED.cert}\n${SELF_SIGNED.key}\n`)
  const replaced: Record<string, [string, string][]> = {
    'nginx.conf': [
      ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
      ['listen 80', `listen 127.0.0.1:${plain}`],
      ['/etc/ssl/switchboard/fullchain.pem', path.join(folder, 'cert.pem')],
      ['/etc/ssl/switchboard/privkey.pem', path.join(folder, 'key.pem')],
      ['server_name chat.example.com', 'server_name localhost'],
    ],
    'haproxy.cfg': [
      ['bind :443', `bind 127.0.0.1:${port}`],
      ['bind :80', `bind 127.0.0.1:${plain}`],
      ['/etc/ssl/switchboard/fullchain-and-key.pem', path.join(folder, 'both.pem')],
    ],
    Caddyfile: [
      [
        '\nchat.example.com {',
        `\nhttps://localhost:${port} {\n\ttls ${path.join(folder, 'cert.pem')} ${path.join(folder, 'key.pem')}`,
      ],
    ],
  }
  let text = await readFile(path.join(ROOT, 'deploy/proxies', file), 'utf8')
  for (const [from, to] of [
    ...(replaced[file] ?? []),
    ['127.0.0.1:3000', one] as const,
    ['127.0.0.1:3001', two] as const,
  ]) {
    expect(text, file).toContain(from)
    text = text.replaceAll(from, to)
  }
  // The sample is a part of nginx's whole configuration.
  if (file === 'nginx.conf')
    text = `daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path ${folder}/body;\nproxy_temp_path ${folder}/proxy;\n${text}}\n`
  if (file === 'Caddyfile') text = `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${text}`
  const written = path.join(folder, file)
  await writeFile(written, text)
  return written
}

/** The proxy as a process, once it answers. */
async function startProxy([command = '', ...args]: string[], url: string): Promise<{ stop(): Promise<void> }> {
  const child: ChildProcess = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } as never,
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed = `${printed}${text}`.slice(-10_000)
    })
  const ended = once(child, 'exit')
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`${command} ended:\n${printed}`)
      expect((await fetch(`${url}/api/health/ready`)).status, printed).toBe(200)
    },
    { timeout: 30_000, interval: 100 },
  )
  return {
    stop: async () => {
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(killer)
    },
  }
}
