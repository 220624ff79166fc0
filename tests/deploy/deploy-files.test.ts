import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseEnv } from '#lib/platform/env.ts'
import { parseDockerfile } from '#scripts/docker/dockerfile.ts'

// deploy/ says what the product says: its settings, its image's port, user and programs, its health checks and the time it
// needs to end.

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const SETTINGS = new Set([...read('docs/settings.md').matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name))
const DOCKERFILE = parseDockerfile(read('Dockerfile'))
/** What the process adds to SHUTDOWN_GRACE before it gives up, in seconds (lib/platform/process/begin-serving.ts). */
const GIVE_UP = 2

type Probe = { httpGet: { path: string; port: string } }
type Container = {
  image: string
  command?: string[]
  ports?: { name: string; containerPort: number }[]
  envFrom?: { secretRef: { name: string } }[]
  env?: { name: string; value: string }[]
  volumeMounts?: { name: string; mountPath: string }[]
  lifecycle?: { preStop: { exec: { command: string[] } } }
} & Partial<Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', Probe>>
type Manifest = {
  kind: string
  metadata: { name: string }
  stringData?: Record<string, string>
  spec: {
    template: {
      metadata: { labels: object }
      spec: { containers: [Container]; volumes?: { name: string }[]; terminationGracePeriodSeconds: number }
    }
    selector: Record<string, string> & { matchLabels?: object }
    ports: { targetPort: string }[]
  }
}
type Service = {
  env_file?: string
  environment: Record<string, string>
  ports?: string[]
  volumes: string[]
  stop_grace_period?: string
  healthcheck?: object
  depends_on?: Record<string, { condition: string }>
}

const compose = parse(read('deploy/compose.yml')) as {
  services: { app: Service; database: Service }
  volumes: Record<string, null>
}
const manifests = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT }).flatMap((file) =>
  parseAllDocuments(read(file)).map((document) => {
    expect(document.errors, file).toEqual([])
    return document.toJS() as Manifest
  }),
)
const findManifest = (kind: string): Manifest => {
  const found = manifests.find((manifest) => manifest.kind === kind)
  if (!found) throw new Error(`deploy/kubernetes has no ${kind}`)
  return found
}
const secrets = Object.fromEntries(
  manifests.filter(({ kind }) => kind === 'Secret').map(({ metadata, stringData = {} }) => [metadata.name, stringData]),
)
const deployment = findManifest('Deployment').spec.template.spec
const [pod] = deployment.containers
const imagePort = Number(DOCKERFILE.find(({ name }) => name === 'EXPOSE')?.args[0])

test('every setting that a file names is documented', () => {
  const { app, database } = compose.services
  // What compose empties is meant for others, which read the same file.
  const given = Object.entries(app.environment).filter(([, value]) => value !== '')
  const named = [
    ...given.map(([name]) => name),
    ...(pod.env ?? []).map(({ name }) => name),
    ...Object.values(secrets).flatMap((secret) => Object.keys(secret)),
  ]
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !SETTINGS.has(name))).toEqual([])
  // What compose asks of its .env is in the example, or has a default.
  const example = new Set(
    [...read('deploy/compose.env.example').matchAll(/^#?([A-Z0-9_]+)=/gm)].map(([, name]) => name),
  )
  const required = [
    ...JSON.stringify([app.environment, database.environment]).matchAll(/\$\{([A-Z0-9_]+)(?::\?|\})/g),
  ].map(([, name]) => name)
  expect(new Set(required)).toEqual(
    new Set(['APP_URL', 'APP_SECRET', 'APP_PASSWORD', 'OWNER_PASSWORD', 'POSTGRES_PASSWORD']),
  )
  expect(required.filter((name) => !example.has(name))).toEqual([])
})

test('compose passes every setting of its file, and no password of another program', () => {
  const { app, database } = compose.services
  expect(app.env_file).toBe('.env')
  const passwords = Object.keys(database.environment)
  expect(passwords).toEqual(['POSTGRES_PASSWORD', 'OWNER_PASSWORD'])
  for (const name of [...passwords, 'APP_PASSWORD']) expect([name, app.environment[name]]).toEqual([name, ''])
  // PORT of the file is the machine's port. The container's own is fixed.
  expect(app.environment.PORT).toBe(String(imagePort))
})

test('the settings of each file are accepted by the product', () => {
  const given: Record<string, string> = {
    APP_URL: 'https://chat.example.com',
    APP_SECRET: 's'.repeat(32),
    APP_PASSWORD: 'a1',
    OWNER_PASSWORD: 'b2',
  }
  const fill = (value: string) =>
    String(value).replace(/\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g, (_, name, kind, rest) =>
      String(given[name] ?? (kind === '-' ? rest : expect.fail(`${name} is not given`))),
    )
  const ofCompose = Object.entries(compose.services.app.environment).map(([name, value]) => [name, fill(value)])
  expect(parseEnv(Object.fromEntries(ofCompose))).toMatchObject({ SHUTDOWN_GRACE: 25 })
  const ofPod = Object.fromEntries((pod.env ?? []).map(({ name, value }) => [name, value]))
  const secret = { ...secrets.switchboard, APP_SECRET: given.APP_SECRET }
  expect(parseEnv({ ...secret, ...ofPod })).toMatchObject({ SHUTDOWN_GRACE: 25, ATTACHMENTS: 'off' })
})

test('ports, programs, users and folders are those of the image', () => {
  const { app } = compose.services
  expect(imagePort).toBe(3000)
  expect(app.ports).toEqual([`127.0.0.1:\${PORT:-3000}:${imagePort}`])
  expect(pod.ports).toEqual([{ name: 'http', containerPort: imagePort }])
  expect(findManifest('Service').spec.ports.map(({ targetPort }) => targetPort)).toEqual(['http'])
  expect(findManifest('Service').spec.selector).toEqual(findManifest('Deployment').spec.selector.matchLabels)
  expect(findManifest('Deployment').spec.template.metadata.labels).toEqual(
    findManifest('Deployment').spec.selector.matchLabels,
  )
  expect(findManifest('Job').spec.template.spec.containers[0].command).toEqual(['switchboard', 'migrate'])
  const mounts = (pod.volumeMounts ?? []).map(({ mountPath }) => mountPath)
  expect(mounts).toEqual(['/tmp', '/app/.next/cache'])
  expect(app.volumes).toEqual(['attachments:/app/.data/attachments'])
  const workdir = DOCKERFILE.findLast(({ name }) => name === 'WORKDIR')?.args[0]
  expect(workdir).toBe('/app')
  expect(
    `${workdir}/${parseEnv({ APP_URL: 'http://a.b', APP_SECRET: 's'.repeat(32), DATABASE_URL: 'postgresql://a/b' }).ATTACHMENTS_DIR}`,
  ).toBe('/app/.data/attachments')
})

test('each probe asks a route that exists, at a port that is named', () => {
  const asked = [...(['startupProbe', 'livenessProbe', 'readinessProbe'] as const)].map((name) => pod[name]?.httpGet)
  expect(asked.map((probe) => probe?.path)).toEqual(['/api/health/live', '/api/health/live', '/api/health/ready'])
  for (const probe of asked) {
    expect(existsSync(path.join(ROOT, `app${probe?.path}/route.ts`)), probe?.path).toBe(true)
    expect(pod.ports?.map(({ name }) => name)).toContain(probe?.port)
  }
})

test('secrets and volumes that are named exist, and the server has no rights of the owner', () => {
  const secretsOf = ({ envFrom = [] }: Container) => envFrom.map(({ secretRef }) => secretRef.name)
  const job = findManifest('Job').spec.template.spec.containers[0]
  expect(secretsOf(pod)).toEqual(['switchboard'])
  expect(secretsOf(job)).toEqual(['switchboard', 'switchboard-owner'])
  for (const name of secretsOf(job)) expect(secrets[name], name).toBeDefined()
  expect(Object.keys(secrets.switchboard ?? {})).not.toContain('DATABASE_DIRECT_URL')
  expect((pod.volumeMounts ?? []).map(({ name }) => name)).toEqual((deployment.volumes ?? []).map(({ name }) => name))
  const { app, database } = compose.services
  const [named, files] = [[], []] as [string[], string[]]
  for (const volume of [...app.volumes, ...database.volumes].map((line) => line.split(':')[0] ?? ''))
    (volume.startsWith('.') ? files : named).push(volume)
  expect(named.sort()).toEqual(Object.keys(compose.volumes).sort())
  for (const file of files) expect(existsSync(path.join(ROOT, 'deploy', file)), file).toBe(true)
  expect(app.depends_on).toEqual({ database: { condition: 'service_healthy' } })
  expect(database.healthcheck).toBeDefined()
  expect(statSync(path.join(ROOT, 'deploy/create-owner.sh')).mode & 0o111, 'it can be executed').not.toBe(0)
})

test('a container has longer to end than the process takes', () => {
  const { app } = compose.services
  expect(Number.parseInt(app.stop_grace_period ?? '', 10)).toBeGreaterThan(
    Number(app.environment.SHUTDOWN_GRACE) + GIVE_UP,
  )
  const grace = Number(pod.env?.find(({ name }) => name === 'SHUTDOWN_GRACE')?.value)
  const [, preStop] = pod.lifecycle?.preStop.exec.command ?? []
  expect(deployment.terminationGracePeriodSeconds).toBeGreaterThan(Number(preStop) + grace + GIVE_UP)
})
