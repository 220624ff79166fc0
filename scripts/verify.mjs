// npm run verify: every check that a change must pass, from a fresh clone, without input. Stops at
// the first step that fails.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { findNode, install, needsInstall, ROOT } from './install.mjs'

const REPORT = path.join(ROOT, 'node_modules/.cache/tests.json')
const STEPS = [
  ['database client', 'scripts/generate.ts'],
  ['types', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['types of the element', 'node_modules/typescript/bin/tsc', '-p', 'lib/chatkit-element'],
  ['lint', 'node_modules/@biomejs/biome/bin/biome', 'ci', '.'],
  ['unused code', 'node_modules/knip/bin/knip.js'],
  ['build', 'scripts/build.ts', '--if-stale'],
  [
    'tests',
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
  ],
]

let step = 'install'
try {
  if (needsInstall()) {
    say('npm ci')
    await install()
  }
  const node = findNode()
  rmSync(REPORT, { force: true })
  for (const [name, ...args] of STEPS) {
    step = name
    say(name)
    await run(node, args)
  }
} catch (error) {
  console.error(`\nverify stopped at "${step}": ${error.message}`)
  process.exitCode = 1
}
sayCounts()

function say(name) {
  console.log(`\n== ${name}`)
}

function run(node, args) {
  return new Promise((resolve, reject) => {
    // Node 24 comes first in PATH, so that the tools' own `#!/usr/bin/env node` finds it.
    const env = {
      ...process.env,
      PATH: `${path.join(ROOT, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}`,
      NEXT_TELEMETRY_DISABLED: '1',
    }
    const child = spawn(node, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill(signal))
    child.on('error', reject)
    child.on('exit', (code, signal) => (code === 0 ? resolve() : reject(new Error(signal ?? `exit code ${code}`))))
  })
}

/**
 * Prints the last line, for machines: the tests' counts. A step that failed before or beside the
 * tests counts as one failure.
 */
function sayCounts() {
  let counts = { numPassedTests: 0, numFailedTests: 0 }
  if (existsSync(REPORT)) counts = JSON.parse(readFileSync(REPORT, 'utf8'))
  const failed = process.exitCode ? Math.max(1, counts.numFailedTests) : counts.numFailedTests
  console.log(`\n${counts.numPassedTests} passed, ${failed} failed`)
}
