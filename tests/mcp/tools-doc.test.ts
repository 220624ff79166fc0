import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { authenticate } from '#mcp/auth.ts'
import type { Tool } from '#mcp/define-tool.ts'
import { makeEndpoint } from '#mcp/endpoint.ts'
import { createServerOffer } from '#mcp/offers/server-offer.ts'
import { toolset } from '#mcp/toolset.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

const ROOT = path.join(import.meta.dirname, '../..')

test('the tool that docs/tools.md adds works as the page says', async () => {
  const source = /```ts\n([\s\S]*?)```/.exec(readFileSync(path.join(ROOT, 'docs/tools.md'), 'utf8'))?.[1] ?? ''
  const folder = mkdtempSync(path.join(tmpdir(), 'switchboard-tool-'))
  const file = path.join(folder, 'next-task.ts')
  writeFileSync(file, source.replaceAll("'#", `'${ROOT}/`).replace("'zod'", `'${ROOT}/node_modules/zod/index.js'`))
  try {
    const { nextTaskTool } = (await import(file)) as { nextTaskTool: Tool }
    const { caller } = await signedIn()
    const server = await serve(makeEndpoint(createServerOffer([...toolset, nextTaskTool]), authenticate))
    try {
      const { get, fail } = mcpCaller(`${server.url}/mcp`, await personalToken(caller))
      expect(await get('next_task')).toEqual({ task: null })
      await get('add_task', { title: 'later', due: '2026-12-24' })
      await get('add_task', { title: 'sooner', due: '2026-11-27' })
      expect(await get('next_task', {})).toMatchObject({ task: { number: 2, title: 'sooner' } })
      expect(await get('next_task', { due_to: '2026-01-01' })).toEqual({ task: null })
      expect(await fail('next_task', { due_to: 'soon' })).toMatch(/^Wrong arguments for next_task\. due_to: /)
    } finally {
      await server.close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
