import { expect, onTestFinished, test, vi } from 'vitest'
import { checkOutput } from '#lib/mcp-client/calls/check-output.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

// A tool's own schema for its structured content, and the time that checking it may take.

const withSchema = (outputSchema: object) =>
  ({ name: 'x', inputSchema: { type: 'object' }, outputSchema }) as unknown as McpTool
const said = (tool: McpTool, structuredContent: unknown) =>
  JSON.stringify(
    checkOutput({ content: [], ...(structuredContent !== undefined && { structuredContent }) } as never, tool).content,
  )

test('a schema that took too long is asked again after a minute, and then after two', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  // The first check of a process loads the library.
  said(withSchema({ type: 'object' }), {})
  // Backtracks without an end.
  const tool = withSchema({ type: 'object', properties: { word: { type: 'string', pattern: '^(a+)+$' } } })
  const [endless, wrong] = [{ word: `${'a'.repeat(60)}!` }, { word: 7 }]
  expect(said(tool, endless)).toBe('[]')
  expect(said(tool, wrong), 'it rests').toBe('[]')
  vi.advanceTimersByTime(60_001)
  expect(said(tool, endless)).toBe('[]')
  vi.advanceTimersByTime(60_001)
  expect(said(tool, wrong), 'it rests for longer').toBe('[]')
  vi.advanceTimersByTime(60_001)
  expect(said(tool, wrong)).toContain('does not fit the schema')
  expect(said(tool, endless)).toBe('[]')
  vi.advanceTimersByTime(60_001)
  expect(said(tool, wrong), 'a check in time counts').toContain('does not fit')
})

test('a schema that nobody can read is ignored; missing content is noted', () => {
  expect(said(withSchema({ type: 'no such type' }), 1)).toBe('[]')
  expect(said(withSchema({ type: 'object' }), undefined)).toContain('it is missing')
  expect(said(withSchema({ type: 'object' }), {})).toBe('[]')
})
