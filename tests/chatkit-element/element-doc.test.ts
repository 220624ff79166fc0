import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readPublicTypes } from '#tests/support/element/public-types.ts'

const doc = readFileSync('docs/chatkit-element.md', 'utf8')

/** The words in code on the page: `entities.onClick` gives `entities` and `onClick`. */
const told = new Set([...doc.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => [code, ...code.split(/[.\s]/)]))

// What each of them does is seen in parity/parity.browser.test.ts.
test('docs/chatkit-element.md names every option, method and event of the public types', () => {
  const { names } = readPublicTypes()
  expect(names.length, 'the types were read').toBeGreaterThan(120)
  expect(names.filter((name) => !isTold(name))).toEqual([])
})

/** True if the page names an event, or each word of the path to an option or a parameter. */
function isTold(name: string): boolean {
  if (name.startsWith('chatkit.')) return told.has(name.replace(/\.detail\..*/, ''))
  const path = name.replaceAll(/\(\w*\)|\[\]/g, '')
  return path.split('.').every((word) => told.has(word))
}
