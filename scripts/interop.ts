// npm run interop [part]: tests our side of every protocol against other people's programs,
// tests/interop/*.interop.ts. The Python programs run in a virtual environment, which is created
// once for each content of tests/support/requirements.txt.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'

const CACHE = path.join(ROOT, 'node_modules/.cache')
const REQUIREMENTS = path.join(ROOT, 'tests/support/requirements.txt')
const REPORT = path.join(CACHE, 'interop.json')
const NO_PYTHON =
  'npm run interop needs Python 3.10 or newer with venv and pip as python3. On Debian and Ubuntu: apt-get install python3-venv'

rmSync(REPORT, { force: true })
try {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/interop/interop.config.ts']
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  run(process.execPath, [...vitest, ...reporters, ...process.argv.slice(2)], { INTEROP_PYTHON: pythonWithPackages() })
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
const counts = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : { numPassedTests: 0, numFailedTests: 0 }
const failed = process.exitCode ? Math.max(1, counts.numFailedTests) : counts.numFailedTests
console.log(`\n${counts.numPassedTests} passed, ${failed} failed`)

/**
 * The Python interpreter of a virtual environment with the requirements. Throws an Error with a
 * sentence.
 */
function pythonWithPackages(): string {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const folder = path.join(CACHE, `interop-python-${version}`)
  const python = path.join(folder, 'bin/python')
  const ready = path.join(folder, 'ready')
  if (existsSync(ready)) return python
  const able = spawnSync('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'], {
    stdio: 'ignore',
  })
  if (able.status !== 0) throw new Error(NO_PYTHON)
  // Removes what an interrupted attempt left.
  rmSync(folder, { recursive: true, force: true })
  run('python3', ['-m', 'venv', folder])
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS])
  writeFileSync(ready, '')
  return python
}

function run(command: string, args: string[], env: Record<string, string> = {}): void {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) throw error
  if (status !== 0) throw new Error(`${path.basename(command)} ${args[0]} ended with exit code ${status}.`)
}
