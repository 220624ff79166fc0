import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '#scripts/build-freshness.ts'

const UNPACK = "import('@sparticuz/chromium').then((chromium) => chromium.default.executablePath())"

/**
 * The executable of the Chromium that npm installed, unpacked once into this project's own cache.
 * By itself the package unpacks to /tmp/chromium, which another user may own or have planted, and
 * which is incomplete while it unpacks.
 */
export async function unpackedChromium(): Promise<string> {
  const { version } = JSON.parse(
    await readFile(path.join(ROOT, 'node_modules/@sparticuz/chromium/package.json'), 'utf8'),
  )
  const home = path.join(ROOT, 'node_modules/.cache', `chromium-${version}`)
  if (!existsSync(home)) {
    const draft = `${home}.${process.pid}`
    await mkdir(draft, { recursive: true })
    await promisify(execFile)(process.execPath, ['-e', UNPACK], {
      cwd: ROOT,
      timeout: 60_000,
      env: { ...process.env, TMPDIR: draft },
    })
    // Two test files may unpack at once. The first to move wins, and both are the same.
    await rename(draft, home).catch(() => rm(draft, { recursive: true }))
  }
  return path.join(home, 'chromium')
}
