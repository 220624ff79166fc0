import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SCOPES } from '#lib/auth/tokens/scopes.ts'

test('docs/oauth.md names every scope in the words of the consent page', async () => {
  const page = await readFile('docs/oauth.md', 'utf8')
  const rows = [...page.matchAll(/^\| `([\w:]+)` \| (.+) \|$/gm)].map(([, scope, words]) => [scope, words])
  expect(rows).toEqual(Object.entries(SCOPES))
})
