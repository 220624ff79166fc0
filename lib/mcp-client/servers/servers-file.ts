import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { Audience, ServerConfig, ServerName } from '#lib/data/servers/server-config.ts'
import { env, SettingsError } from '#lib/platform/env.ts'
import { processState } from '#lib/platform/process-state.ts'

const FileServer = z.strictObject({
  name: ServerName,
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  audience: Audience.default('everyone'),
  /** For an identity of kind oauth that has a `clientId`. */
  clientSecret: z.string().optional(),
  ...ServerConfig.shape,
})
export type FileServer = z.infer<typeof FileServer>

const ServersFile = z.strictObject({ servers: z.array(FileServer).max(100) })

const read = processState(
  'servers file',
  (): { last?: { path: string; changed: number; servers: FileServer[] } } => ({}),
)

/**
 * The servers in MCP_SERVERS_FILE. Read again when the file changes. Throws SettingsError that says
 * what is wrong and where.
 */
export function readServersFile(): FileServer[] {
  const path = env().MCP_SERVERS_FILE
  if (!path) return []
  try {
    const changed = statSync(path).mtimeMs
    const known = read().last
    if (known?.path === path && known.changed === changed) return known.servers
    const servers = parse(readFileSync(path, 'utf8'))
    read().last = { path, changed, servers }
    return servers
  } catch (error) {
    if (error instanceof SettingsError) throw error
    throw new SettingsError(`MCP_SERVERS_FILE cannot be read: ${(error as { code?: string }).code ?? 'unknown error'}.`)
  }
}

function parse(text: string): FileServer[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The parser's message quotes the file, which may hold secrets.
    throw new SettingsError('MCP_SERVERS_FILE is not JSON.')
  }
  const parsed = ServersFile.safeParse(json)
  if (!parsed.success) {
    const lines = parsed.error.issues
      .slice(0, 10)
      .map(({ path, message }) => `MCP_SERVERS_FILE: ${path.join('.') || 'the file'}: ${message}.`)
    throw new SettingsError(lines.join('\n'))
  }
  const names = parsed.data.servers.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) throw new SettingsError(`MCP_SERVERS_FILE: two servers are named ${twice}.`)
  return parsed.data.servers
}
