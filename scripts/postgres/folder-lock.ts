import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Thrown while another process holds the lock. `pid` is that process. */
export class LockedError extends Error {
  readonly pid: number

  constructor(pid: number) {
    super(`locked by process ${pid}`)
    this.pid = pid
  }
}

/**
 * Takes the lock at `file` and returns the function that releases it. The lock belongs to this
 * process: a killed process no longer holds it. Throws LockedError.
 */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${(await startTime(process.pid)) ?? ''}`
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, mine, { mode: 0o600 })
  try {
    while (!(await linked(draft, file))) await removeStale(file)
  } finally {
    await rm(draft, { force: true })
  }
  return async () => {
    if ((await contents(file)) === mine) await rm(file, { force: true })
  }
}

/** Takes the lock as soon as it is free. Throws LockedError if it is still held after `waitMs`. */
export async function waitForLock(file: string, waitMs: number): Promise<() => Promise<void>> {
  for (const deadline = Date.now() + waitMs; ; await sleep(200)) {
    try {
      return await takeLock(file)
    } catch (error) {
      if (!(error instanceof LockedError) || Date.now() > deadline) throw error
    }
  }
}

/**
 * True if the process exists, whichever user owns it. False for a dead process that its parent has
 * not yet reaped.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// A killed process stays in the table until its parent reaps it; in a container without an init,
// forever.
function isZombie(pid: number): boolean {
  try {
    return /^[ZX]/.test(afterName(readFileSync(`/proc/${pid}/stat`, 'utf8')))
  } catch {
    // No such file: not Linux, or the process has already gone.
    return false
  }
}

/**
 * The fields after the name in a line of `/proc/<pid>/stat`: the state, then numbers. The name may
 * contain any character.
 */
function afterName(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2)
}

/** The name of a process, such as `postgres`; undefined if it cannot be read. */
export async function processName(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined)
  return spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout
}

// Creating a hard link is atomic, contents included, so no reader sees a half-written lock.
async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function removeStale(file: string): Promise<void> {
  const seen = await contents(file)
  if (seen === undefined) return
  const [pid = 0, since] = seen.split(' ').map(Number)
  if (isAlive(pid) && (await startTime(pid)) === (since || undefined)) throw new LockedError(pid)
  const aside = `${file}.${randomUUID()}`
  await rename(file, aside).catch(() => {})
  // Another start may have taken the lock between the check and the move. Then it gets its lock
  // back.
  if (((await contents(aside)) ?? seen) !== seen) await linked(aside, file)
  await rm(aside, { force: true })
}

async function contents(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

// Process ids are reused, quickly in a container. On Linux the start time distinguishes two
// processes with the same id.
async function startTime(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined ? undefined : Number(afterName(stat).split(' ')[19])
}
