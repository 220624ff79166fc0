import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { isAlive, takeLock } from '#scripts/postgres/folder-lock.ts'

test.runIf(process.platform === 'linux')('a zombie process holds no lock', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lock-'))
  // A parent that never reaps its child, once the shell has become `sleep`. Then the child is ended.
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  })
  try {
    const [line] = await once(parent.stdout as Readable, 'data')
    const pid = Number(String(line))
    await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
    parent.stdio[3]?.destroy()
    const stat = () => readFile(`/proc/${pid}/stat`, 'utf8')
    await expect.poll(stat, { timeout: 10_000 }).toMatch(/\) Z /)
    expect(isAlive(pid)).toBe(false)
    const started = (await stat()).split(') ')[1]?.split(' ')[19]
    await writeFile(path.join(folder, 'lock'), `${pid} ${started}`)
    const release = await takeLock(path.join(folder, 'lock'))
    await release()
    expect(isAlive(process.pid)).toBe(true)
  } finally {
    parent.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})
