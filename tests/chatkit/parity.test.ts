import { expect, test } from 'vitest'
import { parityProblems, parityRows } from '#tests/support/chatkit/parity.ts'

const ROW = { number: 1, upstream: 'test_x', file: 'tests/a.test.ts', test: 'suite > works' }
const good = { file: ROW.file, test: ROW.test, passed: true, assertions: 2 }
const run = new Set([ROW.file])

test('the table has a row for each of the 130 upstream cases, in order, each with a test', () => {
  const rows = parityRows()
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 130 }, (_, index) => index + 1))
  for (const { upstream, test: name } of rows) expect(`${upstream} ${name}`).toMatch(/^test_\w+(\[.+\])? \S/)
})

test('a row holds if its test ran, passed and asserted something', () => {
  expect(parityProblems([ROW], [good], run)).toEqual([])
  expect(parityProblems([ROW], [], run)).toEqual([
    expect.stringContaining('row 1 (test_x): "suite > works" of tests/a.test.ts did not run'),
  ])
  expect(parityProblems([ROW], [{ ...good, test: 'works' }], run)).toHaveLength(1)
  expect(parityProblems([ROW], [{ ...good, passed: false }], run)).toEqual([expect.stringContaining('did not pass')])
  expect(parityProblems([ROW], [{ ...good, assertions: 0 }], run)).toEqual([
    expect.stringContaining('asserted nothing'),
  ])
  expect(parityProblems([ROW], [good, { ...good, passed: false }], run)).toHaveLength(1)
})

test('a run of other files ignores the row', () => expect(parityProblems([ROW], [], new Set())).toEqual([]))
