// npm run up: from a fresh clone to a running product. Plain JavaScript, because it may run before
// anything is installed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { findNode, install, needsInstall, ROOT } from './install.mjs'

try {
  const first = needsInstall()
  if (first) {
    console.log('Installing the packages and building the pages, which takes a minute or two the first time.')
    await install()
  }
  const settings = existsSync(path.join(ROOT, '.env')) ? ['--env-file=.env'] : []
  const args = [...settings, 'scripts/local/serve-locally.ts', ...process.argv.slice(2), ...(first ? ['--quiet'] : [])]
  // The IPC channel closes when this process ends, however it ends, and so tells the child.
  const child = spawn(findNode(), args, { cwd: ROOT, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
