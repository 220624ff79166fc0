import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { findFreePort } from '#scripts/local/port.ts'

/** True if this machine has PgBouncer (`apt-get install pgbouncer`). */
export const hasPooler = spawnSync('pgbouncer', ['--version']).status === 0

/**
 * Starts PgBouncer before the database of `url`, until the test ends. Resolves to the address of
 * the same database through it.
 */
export async function startPooler(url: string, mode: 'session' | 'transaction'): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-pooler-'))
  const listensOn = await findFreePort()
  const file = path.join(folder, 'pgbouncer.ini')
  const database = `host=${hostname} port=${port} user=${username} password=${password}`
  const lines = ['[databases]', `${pathname.slice(1)} = ${database}`, '[pgbouncer]', 'auth_type = any']
  lines.push('listen_addr = 127.0.0.1', `listen_port = ${listensOn}`, 'unix_socket_dir =', `pool_mode = ${mode}`)
  await writeFile(file, lines.join('\n'))
  // PgBouncer refuses to run as root and then reads its settings as the other account.
  const isRoot = process.getuid?.() === 0
  if (isRoot) spawnSync('chown', ['-R', 'nobody', folder])
  const child = spawn('pgbouncer', [...(isRoot ? ['-u', 'nobody'] : []), file], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  await untilItListens(listensOn)
  return `postgresql://${username}:${password}@127.0.0.1:${listensOn}${pathname}`
}

async function untilItListens(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = net.connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error('PgBouncer does not listen')
}
