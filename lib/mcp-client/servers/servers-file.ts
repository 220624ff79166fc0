import { z } from 'zod'
import { Audience, ServerConfig, ServerName } from '#lib/data/servers/server-config.ts'
import { listTwice, settingsFile } from '#lib/platform/settings-file.ts'

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

/**
 * The servers in MCP_SERVERS_FILE. A mistake that is made while the server runs keeps what was read
 * before. Throws SettingsError that says what is wrong and where, if nothing was.
 */
export function readServersFile(): FileServer[] {
  return file.read()?.servers ?? []
}

/** What is wrong with MCP_SERVERS_FILE now; undefined if nothing is. */
export const findServersFileProblem = (): string | undefined => file.findProblem()

const file = settingsFile('MCP_SERVERS_FILE', ServersFile, ({ servers }) =>
  listTwice(servers.map(({ name }) => name)).map((name) => `two servers are named ${name}`),
)
