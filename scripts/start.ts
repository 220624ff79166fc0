// npm start: serves the build with the environment's settings. `--listen <address>` takes
// precedence over HOSTNAME, which shells and containers set to the machine's name by themselves.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { readAssistantsFile } from '#lib/agent/assistants/assistants-file.ts'
import { requireWritableStore } from '#lib/data/attachments/attachment-bytes.ts'
import { readServersFile } from '#lib/mcp-client/servers/servers-file.ts'
import { parseEnv } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { readPort } from '#scripts/local/port.ts'
import { migrate, requireHarmlessRole, requireMigrated } from '#scripts/migrate.ts'

try {
  const { values } = parseArgs({ options: { listen: { type: 'string' } } })
  const server = findServer()
  process.env.HOSTNAME = values.listen ?? addressIn(process.env.HOSTNAME)
  const port = readPort(process.env.PORT)
  process.env.PORT = String(port)
  const settings = parseEnv(process.env)
  const { DATABASE_URL: appUrl, ATTACHMENTS_DIR, ASSISTANTS_FILE, MCP_SERVERS_FILE } = settings
  // The server changes into the build's folder, which the next build empties. So relative paths are
  // resolved here.
  process.env.ATTACHMENTS_DIR = path.resolve(ATTACHMENTS_DIR)
  if (MCP_SERVERS_FILE) process.env.MCP_SERVERS_FILE = path.resolve(MCP_SERVERS_FILE)
  if (ASSISTANTS_FILE) process.env.ASSISTANTS_FILE = path.resolve(ASSISTANTS_FILE)
  readServersFile()
  readAssistantsFile()
  await requireFreePort(process.env.HOSTNAME, port)
  await requireWritableStore({ ...settings, ATTACHMENTS_DIR: process.env.ATTACHMENTS_DIR })
  await prepareDatabase(appUrl, process.env.DATABASE_DIRECT_URL)
  // The serving process does not need the owner's rights.
  delete process.env.DATABASE_DIRECT_URL
  // Next would exit on SIGTERM while runs are open. lib/platform/process/begin-serving.ts shuts the
  // process down in order.
  process.env.NEXT_MANUAL_SIG_HANDLE = 'true'
  if (process.channel) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  await import(pathToFileURL(server).href)
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
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

async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = net.createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new Error(
        `Port ${port} of ${host} is in use by another program. Stop that one, or choose another with PORT=${port + 1}.`,
        {
          cause,
        },
      )
    throw new Error(
      `Nothing can listen on ${host}, port ${port} (${code}). Set PORT and HOSTNAME to what this machine has.`,
      { cause },
    )
  } finally {
    probe.close()
  }
}
