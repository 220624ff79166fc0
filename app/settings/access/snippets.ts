import type { Translate } from '#lib/platform/language/translate.ts'

/** One client's instructions: which client, where the text goes, and the text. */
export type Snippet = { client: string; where: string; text: string }

const PLACEHOLDER = 'YOUR_TOKEN'

/**
 * How to add the MCP endpoint to popular clients: by its address alone if they sign in themselves
 * (OAuth), or with a personal token in a header.
 */
export function makeSnippets(endpoint: string, way: 'sign in' | 'token', t: Translate, token = PLACEHOLDER): Snippet[] {
  const header = way === 'token' ? { Authorization: `Bearer ${token}` } : undefined
  const headers = header && { headers: header }
  const flag = header ? ` --header "Authorization: ${header.Authorization}"` : ''
  const remote = header ? { args: REMOTE_HEADER, env: { env: { AUTH_HEADER: header.Authorization } } } : { args: [] }
  const claudeApp = {
    client: 'Claude',
    where: t('Settings, Connectors, Add custom connector: this address'),
    text: endpoint,
  }
  return [
    ...(way === 'sign in' ? [claudeApp] : []),
    {
      client: 'Claude Code',
      where: t('In a terminal'),
      text: `claude mcp add --transport http switchboard ${endpoint}${flag}`,
    },
    {
      client: 'VS Code',
      where: '.vscode/mcp.json',
      text: pretty({ servers: { switchboard: { type: 'http', url: endpoint, ...headers } } }),
    },
    {
      client: 'Cursor',
      where: '~/.cursor/mcp.json',
      text: pretty({ mcpServers: { switchboard: { url: endpoint, ...headers } } }),
    },
    {
      client: 'MCP Inspector',
      where: t('In a terminal'),
      text: `npx @modelcontextprotocol/inspector --transport http --server-url ${endpoint}${flag}`,
    },
    {
      client: t('Other clients'),
      where: t('Those that start a command, in their list of servers'),
      text: pretty({
        mcpServers: {
          switchboard: { command: 'npx', args: ['-y', 'mcp-remote', endpoint, ...remote.args], ...remote.env },
        },
      }),
    },
  ]
}

// The value is in the environment, because some clients split arguments at spaces.
// biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote puts the variable in
const REMOTE_HEADER = ['--header', 'Authorization:${AUTH_HEADER}']

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
