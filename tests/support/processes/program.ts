import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const READY_MS = 60_000

/** Another party's server as a process of its own. */
export type Program = AsyncDisposable & { url: string }

/**
 * Starts a program and waits until it answers at `url`. If it ends before that, or stays silent for
 * a minute, throws with what it printed.
 */
export async function startProgram(
  command: string,
  args: string[],
  { url, env = {} }: { url: string; env?: Record<string, string> },
): Promise<Program> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const ended = once(child, 'exit')
  ended.catch(() => undefined)
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = `${printed}${text}`.slice(-10_000)
    })
  const stop = async () => {
    child.kill('SIGKILL')
    await ended.catch(() => undefined)
  }
  for (const deadline = Date.now() + READY_MS; child.exitCode === null && Date.now() < deadline; await sleep(50)) {
    const answers = await fetch(url, { method: 'OPTIONS', signal: AbortSignal.timeout(5_000) }).then(
      () => true,
      () => false,
    )
    if (answers) return { url, [Symbol.asyncDispose]: stop }
  }
  await stop()
  throw new Error(`${command} ${args.join(' ')} did not answer at ${url}:\n${printed}`)
}
