// npm start: serves the build with the environment's settings. `--listen <address>` takes
// precedence over HOSTNAME, which shells and containers set to the machine's name by themselves.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { readAssistantsFile } from '#lib/agent/assistants/assistants-file.ts'
import { readModelsFile } from '#lib/agent/models/catalog/models-file.ts'
import { requireWritableStore } from '#lib/data/attachments/attachment-bytes.ts'
import { readServersFile } from '#lib/mcp-client/servers/servers-file.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { readSecretFiles, removeSecrets } from '#lib/platform/secret-files.ts'
import { Settings } from '#lib/platform/settings.ts'
import { readPort } from '#scripts/local/port.ts'
import { migrate, requireHarmlessRole, requireMigrated } from '#scripts/migrate.ts'
import { waitForDatabase } from '#scripts/postgres/wait-for-database.ts'

try {
  const { values } = parseArgs({ options: { listen: { type: 'string' } } })
  const server = findServer()
  const port = readPort(process.env.PORT)
  process.env.HOSTNAME = await chooseAddress(values.listen ?? addressIn(process.env.HOSTNAME), port)
  process.env.PORT = String(port)
  resolvePaths(process.env)
  // The server shares this process, so it finds the settings parsed and needs no secret in its
  // environment. Nor does it need the owner's rights.
  const settings = env()
  const ownerUrl = readSecretFiles(process.env).values.DATABASE_DIRECT_URL
  removeSecrets(process.env)
  readServersFile()
  readModelsFile()
  readAssistantsFile()
  await requireFreePort(process.env.HOSTNAME, port)
  await requireWritableStore(settings)
  await waitForDatabase({
    url: ownerUrl ?? settings.DATABASE_URL,
    ms: settings.DATABASE_WAIT * 1000,
    say: (line) => log.warn(line),
    at: { host: process.env.HOSTNAME, port },
  })
  await prepareDatabase(settings.DATABASE_URL, ownerUrl)
  // Next would exit on SIGTERM while runs are open. lib/platform/process/begin-serving.ts shuts the
  // process down in order.
  process.env.NEXT_MANUAL_SIG_HANDLE = 'true'
  if (process.channel) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  await import(pathToFileURL(server).href)
} catch (error) {
  const { message } = error as Error
  // `npm run up` has a person before it, who reads the sentence alone.
  if (process.channel) console.error(message)
  else log.fatal(message)
  process.exit(1)
}

/**
 * Makes relative paths absolute: the server changes into the build's folder, which the next build
 * empties.
 */
function resolvePaths(source: NodeJS.ProcessEnv): void {
  source.ATTACHMENTS_DIR = path.resolve(Settings.shape.ATTACHMENTS_DIR.parse(source.ATTACHMENTS_DIR || undefined))
  for (const name of Object.keys(Settings.shape).filter((name) => name.endsWith('_FILE')))
    if (source[name]) source[name] = path.resolve(source[name])
}

async function prepareDatabase(appUrl: string, ownerUrl: string | undefined): Promise<void> {
  if (ownerUrl) return migrate({ ownerUrl, appUrl, say: (line) => log.info(line) })
  await requireMigrated(appUrl)
  await requireHarmlessRole(appUrl)
}

/** The build: beside this file if both were packed together, else in the project's folder. */
function findServer(): string {
  const beside = path.join(import.meta.dirname, '../server.js')
  const built = path.join(import.meta.dirname, '..', process.env.NEXT_DIST_DIR || '.next', 'standalone/server.js')
  const found = [beside, built].find((file) => existsSync(file))
  if (!found)
    throw new Error('There is no build yet: run `npm run build` first, or `npm run up`, which does everything.')
  return found
}

function addressIn(hostname = ''): string {
  return net.isIP(hostname) || hostname === 'localhost' ? hostname : '127.0.0.1'
}

/** Throws an Error with a sentence if nothing can listen there. */
async function requireFreePort(host: string, port: number): Promise<void> {
  const code = await tryPort(host, port)
  if (code === undefined) return
  if (code === 'EADDRINUSE')
    throw new Error(
      `Port ${port} of ${host} is in use by another program. Stop that one, or choose another with PORT=${port + 1}.`,
    )
  throw new Error(
    `Nothing can listen on ${host}, port ${port} (${code}). Set PORT and HOSTNAME to what this machine has.`,
  )
}

/** Resolves to the code of the error, or undefined if the port is free. */
async function tryPort(host: string, port: number): Promise<string | undefined> {
  const probe = net.createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    probe.close()
  }
}

/** `::` is every address, those of IPv4 too; a machine without IPv6 has only the latter. */
async function chooseAddress(asked: string, port: number): Promise<string> {
  const hasNoIpv6 = asked === '::' && ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((await tryPort(asked, port)) ?? '')
  return hasNoIpv6 ? '0.0.0.0' : asked
}
