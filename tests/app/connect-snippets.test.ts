import { expect, test } from 'vitest'
import { english } from '#app/language/english-translate.ts'
import { makeSnippets } from '#app/settings/access/snippets.ts'

const ENDPOINT = 'https://chat.example.com/mcp'
const TOKEN = `swb_${'a'.repeat(43)}`

test.each(['sign in', 'token'] as const)(
  'every snippet for "%s" contains the endpoint, and settings files are valid JSON',
  (way) => {
    for (const { client, where, text } of makeSnippets(ENDPOINT, way, english, TOKEN)) {
      expect(text, client).toContain(ENDPOINT)
      expect(text.includes(TOKEN), client).toBe(way === 'token')
      if (where.endsWith('.json')) expect(() => JSON.parse(text), client).not.toThrow()
    }
  },
)

test('the popular clients are listed; by token, only those that can send a header', () => {
  const names = (way: 'sign in' | 'token') => makeSnippets(ENDPOINT, way, english).map(({ client }) => client)
  expect(names('sign in')).toEqual(['Claude', 'Claude Code', 'VS Code', 'Cursor', 'MCP Inspector', 'Other clients'])
  expect(names('token')).toEqual(['Claude Code', 'VS Code', 'Cursor', 'MCP Inspector', 'Other clients'])
})

test('a command gets the token through its environment', () => {
  const other = makeSnippets(ENDPOINT, 'token', english, TOKEN).at(-1)
  expect(JSON.parse(other?.text ?? '').mcpServers.switchboard).toEqual({
    command: 'npx',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote substitutes the variable
    args: ['-y', 'mcp-remote', ENDPOINT, '--header', 'Authorization:${AUTH_HEADER}'],
    env: { AUTH_HEADER: `Bearer ${TOKEN}` },
  })
})
