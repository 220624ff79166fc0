// Runs the Dockerfile's steps without Docker: in clean folders, as an unprivileged user if this is
// root, and without the person's settings. Then starts what CMD says beside a PostgreSQL, and walks
// through a first visit and a chat turn.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, lchown, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'
import { type Instruction, parseDockerfile, parseDockerignore } from '#scripts/docker/dockerfile.ts'
import { ask, makeFirstAccount } from '#scripts/local/first-visit.ts'
import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'

const PORT = process.env.PORT || '3210'
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined
const NODE = path.dirname(process.execPath)

type Stage = { root: string; workdir: string; env: Record<string, string>; last: Record<string, string[]> }

const home = await mkdtemp(path.join(os.tmpdir(), 'switchboard-docker-'))
await chmod(home, 0o755)
let app: ChildProcess | undefined
const database = await startEmbeddedPostgres(path.join(home, 'database'), { durable: false })
try {
  const stage = await buildStages(parseDockerfile(await readFile(path.join(ROOT, 'Dockerfile'), 'utf8')))
  const url = `http://127.0.0.1:${PORT}`
  const logs = serve(stage, {
    APP_URL: url,
    APP_SECRET: database.appSecret,
    DATABASE_URL: database.appUrl,
    DATABASE_DIRECT_URL: database.ownerUrl,
  })
  await waitUntilHealthy(stage, logs)
  const visitor = await makeFirstAccount(url, logs)
  const { events } = await ask(visitor, 'add a task: buy milk tomorrow')
  if (!JSON.stringify(events).includes('add_task'))
    throw new Error(`The chat turn called no tool: ${JSON.stringify(events)}`)
  await endApp()
  console.log('The image starts as an unprivileged user, migrates, answers a chat turn and ends at SIGTERM.')
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  app?.kill('SIGKILL')
  await database.stop()
  await rm(home, { recursive: true, force: true })
}

async function buildStages(instructions: Instruction[]): Promise<Stage> {
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const { name, args } of instructions) {
    if (name === 'FROM') {
      const id = args[2] ?? String(stages.size)
      stage = { root: path.join(home, id), workdir: '/', env: {}, last: {} }
      stages.set(id, stage)
      await folder(stage.root)
      continue
    }
    if (!stage) throw new Error('The Dockerfile does not begin with FROM.')
    console.log(`${name} ${args.join(' ').slice(0, 100)}`)
    await take(stage, stages, name, args)
  }
  if (!stage) throw new Error('The Dockerfile is empty.')
  return stage
}

async function take(stage: Stage, stages: Map<string, Stage>, name: string, args: string[]): Promise<void> {
  if (name === 'WORKDIR') {
    stage.workdir = args[0] ?? '/'
    await folder(path.join(stage.root, stage.workdir))
  } else if (name === 'ENV') {
    for (const pair of args) stage.env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1)
  } else if (name === 'COPY') {
    const from = args[0]?.startsWith('--from=') ? stages.get(args.shift()?.slice(7) ?? '') : undefined
    await copy(
      stage,
      args.filter((arg) => !arg.startsWith('--')),
      from,
    )
  } else if (name === 'RUN') {
    const child = run(stage, '/bin/sh', ['-c', args[0] ?? ''], {})
    const logs = collect(child)
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${logs()}\nRUN ${args[0]} failed (exit code ${code}).`)
  } else stage.last[name] = args
}

async function copy(stage: Stage, args: string[], from: Stage | undefined): Promise<void> {
  // Resolved inside the stage: an absolute path would else be one of this machine.
  const to = stage.root + path.resolve(stage.workdir, args.at(-1) ?? '.')
  const isFolder = args.length > 2 || /(^|\/)\.?$/.test(args.at(-1) ?? '.')
  const ignored = parseDockerignore(await readFile(path.join(ROOT, '.dockerignore'), 'utf8'))
  const copied: string[] = []
  for (const source of args.slice(0, -1)) {
    const file = from ? from.root + source : path.join(ROOT, source)
    const isContent = (await stat(file)).isDirectory() || !isFolder
    await cp(file, isContent ? to : path.join(to, path.basename(file)), {
      recursive: true,
      verbatimSymlinks: true,
      filter(one, destination) {
        if (!from && ignored(path.relative(ROOT, one))) return false
        copied.push(destination)
        return true
      },
    })
  }
  if (NOBODY) for (const one of copied) await lchown(one, NOBODY, NOBODY)
}

async function folder(at: string): Promise<void> {
  await mkdir(at, { recursive: true })
  if (NOBODY) await chown(at, NOBODY, NOBODY)
}

function run(stage: Stage, file: string, args: string[], env: Record<string, string>): ChildProcess {
  return spawn(file, args, {
    cwd: stage.root + stage.workdir,
    uid: NOBODY,
    gid: NOBODY,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Container runtimes set HOSTNAME. It must not decide where the server listens.
    env: {
      PATH: `${path.join(stage.root, 'usr/local/bin')}:${NODE}:${process.env.PATH}`,
      SWITCHBOARD_FOLDER: stage.root + stage.workdir,
      HOME: stage.root,
      HOSTNAME: '0123456789ab',
      PORT,
      ...npmSettings(),
      ...stage.env,
      ...env,
    } as unknown as NodeJS.ProcessEnv,
  })
}

/** The npm settings that an install needs behind a mirror of the package registry. */
function npmSettings(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) =>
    /^(npm_config_(registry|cafile|proxy|https_proxy)|https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file)$/i.test(
      name,
    ),
  )
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']))
}

function serve(stage: Stage, env: Record<string, string>): () => string {
  const [file = '', ...args] = stage.last.CMD ?? []
  app = run(stage, file, args, env)
  return collect(app)
}

async function waitUntilHealthy(stage: Stage, logs: () => string): Promise<void> {
  const [file = '', ...args] = stage.last.HEALTHCHECK ?? []
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (app?.exitCode !== null) throw new Error(`${logs()}\nThe server ended with exit code ${app?.exitCode}.`)
    const [code] = await once(run(stage, file, args, {}), 'close')
    if (code === 0) return
  }
  throw new Error(`${logs()}\nThe server did not become healthy.`)
}

async function endApp(): Promise<void> {
  if (!app) return
  const ended = once(app, 'exit')
  app.kill('SIGTERM')
  const [code] = await ended
  if (code !== 0) throw new Error(`The server ended at SIGTERM with exit code ${code}.`)
}

function collect(child: ChildProcess): () => string {
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  return () => chunks.join('')
}
