import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isFresh, ROOT } from '#scripts/build-freshness.ts'

/**
 * For a hook that makes the build or waits while another process makes it (ms). An idle machine needs
 * half a minute.
 */
export const BUILD_MS = 900_000

/** Makes the production build if the sources changed since the last one. Throws what the build printed. */
export async function buildIfStale(): Promise<void> {
  if (await isFresh()) return
  const child = spawn(process.execPath, ['scripts/build.ts', '--if-stale'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(printed)
}
