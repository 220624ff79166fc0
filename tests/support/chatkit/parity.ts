import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestProject } from 'vitest/node'

// docs/chatkit-parity.md names a test for each case of the Python server's suite. After a run, the
// runner's own report must confirm it, or the run fails.

/** One row of the table: the upstream case, and the full name of our test. */
export type ParityRow = { number: number; upstream: string; file: string; test: string }

/** What the runner reports about a test. Names of suites and test are joined by ` > `. */
export type Reported = { file: string; test: string; passed: boolean; assertions: number }

const ROOT = path.join(import.meta.dirname, '../../..')

/** The rows of docs/chatkit-parity.md, in order. A file is named there without what it needs (`.slow`). */
export function parityRows(): ParityRow[] {
  const text = readFileSync(path.join(ROOT, 'docs/chatkit-parity.md'), 'utf8')
  const files = new Map(
    globSync('tests/**/*.test.ts', { cwd: ROOT }).map((file) => [
      file.replace(/(\.\w+)?\.test\.ts$/, '.test.ts'),
      file,
    ]),
  )
  return [...text.matchAll(/^\| (\d+) \| (\S+) \| `([\w/-]+)` (.+?) \|$/gm)].map(
    ([, number, upstream = '', file, test = '']) => ({
      number: Number(number),
      upstream,
      file: files.get(`tests/${file}.test.ts`) ?? `tests/${file}.test.ts`,
      test,
    }),
  )
}

/**
 * A sentence for each row whose test did not run, did not pass or asserted nothing. Rows of files
 * that did not run are skipped.
 */
export function parityProblems(rows: ParityRow[], reported: Reported[], filesRun: ReadonlySet<string>): string[] {
  return rows
    .filter(({ file }) => filesRun.has(file))
    .flatMap(({ number, upstream, file, test }) => {
      const found = reported.filter((one) => one.file === file && one.test === test)
      const row = `row ${number} (${upstream}): "${test}" of ${file}`
      if (found.length === 0) return [`${row} did not run`]
      if (!found.every(({ passed }) => passed)) return [`${row} did not pass`]
      return found.every(({ assertions }) => assertions > 0) ? [] : [`${row} asserted nothing`]
    })
}

/**
 * Checks the table after the run. A run of chosen files checks only their rows; a run of chosen
 * tests checks none.
 */
export default function setup(project: TestProject) {
  return async () => {
    if (project.config.testNamePattern) return
    const modules = project.vitest.state.getTestModules()
    const globbed = await Promise.all(project.vitest.projects.map((one) => one.globTestFiles()))
    const all = globbed.reduce((sum, { testFiles }) => sum + testFiles.length, 0)
    const rows = parityRows()
    const reported = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        file: module.relativeModuleId,
        test: test.fullName,
        passed: test.result().state === 'passed',
        assertions: test.meta().assertions ?? 0,
      })),
    )
    const run = new Set(
      modules.length === all ? rows.map(({ file }) => file) : modules.map(({ relativeModuleId }) => relativeModuleId),
    )
    const problems = parityProblems(rows, reported, run)
    if (problems.length > 0) throw new Error(`docs/chatkit-parity.md is not borne out:\n${problems.join('\n')}`)
  }
}
