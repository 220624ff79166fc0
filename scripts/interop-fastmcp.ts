// Part of npm run interop: makes a Python virtual environment with FastMCP and FastAPI, once, and runs tests/fastmcp.interop.ts
// against a server in it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'

const PACKAGES = ['fastmcp==4.1.2', 'fastapi==0.165.0', 'uvicorn==0.54.0']
const folder = path.join(ROOT, 'node_modules/.cache/interop-python')
const python = path.join(folder, 'bin/python')

if (!existsSync(path.join(folder, 'ready'))) {
  run('python3', ['-m', 'venv', folder])
  run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES])
  run(python, ['-c', `open(${JSON.stringify(path.join(folder, 'ready'))}, "w").close()`])
}
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs')
run(process.execPath, [vitest, 'run', '--config', 'tests/interop.config.ts'], { INTEROP_PYTHON: python })

function run(command: string, args: string[], env: Record<string, string> = {}): void {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
