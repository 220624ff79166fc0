import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { shareWindow } from '#lib/agent/context/window/context-budget.ts'

test('docs/context.md says how the window is shared', () => {
  const rows = [...readFileSync('docs/context.md', 'utf8').matchAll(/^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$/gm)]
  expect(rows).toHaveLength(4)
  const number = (text = '') => Number(text.replaceAll(',', ''))
  for (const [, window, answer, conversation] of rows) {
    const limits = { windowTokens: number(window), maxOutputTokens: null }
    const count = (value: unknown) => (value === 'instructions' ? 500 : 2_500)
    const shared = shareWindow(limits, { instructions: 'instructions', tools: [{}] }, count)
    expect(shared.conversation).toBe(number(conversation))
    expect(shared.request).toBe(Math.floor((number(window) - number(answer)) * 0.95))
  }
})
