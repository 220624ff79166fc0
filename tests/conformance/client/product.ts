import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '#scripts/conformance-app.ts'
import { makeFirstAccount, type Visitor } from '#scripts/local/first-visit.ts'
import { findFreePort } from '#scripts/local/port.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { buildIfStale } from '#tests/support/processes/build.ts'

/**
 * The address by which authorization servers know the product: the suite expects that the client
 * publishes its metadata document there. Nothing resolves the name; `local` is where it listens.
 */
const APP_URL = 'https://conformance-test.local'
const READY_MS = 60_000

/** The running product with one person, who is signed in, and a model that follows a script. */
export type Product = {
  person: Visitor
  model: OpenAIServer
  /** The address at which the product really listens, for one that it named itself. */
  local(named: string): string
  /** Makes this the only tool server of the product, as an operator does in the settings. */
  offer(server: object): Promise<void>
  logs(): string
  stop(): Promise<void>
}

/** Starts the production build with a database of its own. Builds first if the sources changed. */
export async function startProduct(): Promise<Product> {
  await buildIfStale()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-conformance-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const database = await startEmbeddedPostgres(folder, { durable: false })
    ends.push(() => database.stop())
    const model = await openAIServer()
    ends.push(async () => model[Symbol.asyncDispose]())
    const file = path.join(folder, 'servers.json')
    const offer = (...servers: object[]) => writeFile(file, JSON.stringify({ servers }))
    await offer()
    const port = await findFreePort()
    const url = `http://127.0.0.1:${port}`
    const app = start(['scripts/start.ts'], {
      APP_URL,
      APP_SECRET: database.appSecret,
      HOSTNAME: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: database.appUrl,
      DATABASE_DIRECT_URL: database.ownerUrl,
      ATTACHMENTS_DIR: path.join(folder, 'attachments'),
      OPENAI_BASE_URL: model.url,
      OPENAI_API: 'responses',
      OPENAI_API_KEY: 'none',
      MCP_BUILTIN: 'off',
      MCP_SERVERS_FILE: file,
      RUNS_PER_MINUTE: '10000',
      SHUTDOWN_GRACE: '1',
    })
    ends.push(() => {
      app.child.kill('SIGTERM')
      return app.ended
    })
    await becomeReady(url, app)
    const person = await makeFirstAccount(url, app.output)
    return { person, model, local: (named) => named.replace(APP_URL, url), offer, logs: app.output, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function becomeReady(url: string, app: ReturnType<typeof start>): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline && app.child.exitCode === null; await sleep(50)) {
    const answer = await fetch(`${url}/api/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
    if (answer?.ok) return
  }
  throw new Error(`The product was not ready within ${READY_MS} ms.\n${app.output()}`)
}
