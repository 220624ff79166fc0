import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'

/** Thrown while another process holds the lock: `pid` is that process. */
export class LockedError extends Error {
  readonly pid: number

  constructor(pid: number) {
    super(`locked by process ${pid}`)
    this.pid = pid
  }
}

/**
 * Takes the lock that `file` stands for and returns the function that gives it back. It belongs to this process: one that
 * was killed holds nothing any more. Throws LockedError.
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

/** True where the process exists, whoever it belongs to. One that is dead and was not collected by its parent yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// A process that was killed stays in the table until its parent collects it, in a container without an init for ever.
function isZombie(pid: number): boolean {
  try {
    return /^[ZX]/.test(afterName(readFileSync(`/proc/${pid}/stat`, 'utf8')))
  } catch {
    // No such file: another system, or a process that is gone by now.
    return false
  }
}

/** What stands behind the name in a line of `/proc/<pid>/stat`: the state, then numbers. The name may contain anything. */
function afterName(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2)
}

/** What the process calls itself, such as `postgres`; undefined where nobody can tell. */
export async function processName(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined)
  return spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout
}

// A hard link is made in one step, contents and all: nobody ever reads a lock that is half written.
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
  // Another start may have taken over between the look and the move: then it gets its lock back.
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

// Process ids are used again, soon in a container: on Linux the time of the start tells two holders of one id apart.
async function startTime(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined ? undefined : Number(afterName(stat).split(' ')[19])
}
