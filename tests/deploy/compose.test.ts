import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseEnv } from '#lib/platform/env.ts'
import { ROOT } from '#scripts/build-freshness.ts'
import { parseDockerfile } from '#scripts/docker/dockerfile.ts'
import { DOCUMENTED_SETTINGS, GIVE_UP_S } from './product-facts.ts'

// deploy/compose.yml says what the product says: its settings, its image's port and folders, and the time it needs to end.

type Service = {
  image: string
  profiles?: string[]
  env_file?: string
  environment: Record<string, string>
  ports?: string[]
  volumes: string[]
  stop_grace_period?: string
  healthcheck?: object
  depends_on?: Record<string, { condition: string }>
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const compose = parse(read('deploy/compose.yml')) as {
  services: Record<string, Service> & { app: Service; database: Service }
  volumes: Record<string, null>
}
const { app, database } = compose.services
const DOCKERFILE = parseDockerfile(read('Dockerfile'))
const imagePort = Number(DOCKERFILE.find(({ name }) => name === 'EXPOSE')?.args[0])

test('every setting that it names is documented, and what it asks of its .env is in the example', () => {
  // What compose empties is meant for others, which read the same file.
  const given = Object.entries(app.environment).filter(([, value]) => value !== '')
  expect(given.map(([name]) => name).filter((name) => !DOCUMENTED_SETTINGS.has(name))).toEqual([])
  const example = new Set(
    [...read('deploy/compose.env.example').matchAll(/^#?([A-Z0-9_]+)=/gm)].map(([, name]) => name),
  )
  const asked = JSON.stringify(Object.values(compose.services).map(({ environment }) => environment))
  const required = [...asked.matchAll(/\$\{([A-Z0-9_]+)(?::\?|\})/g)].map(([, name]) => name)
  expect(new Set(required)).toEqual(
    new Set(['APP_URL', 'APP_SECRET', 'APP_PASSWORD', 'OWNER_PASSWORD', 'POSTGRES_PASSWORD']),
  )
  const named = [...asked.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name)
  expect(named.filter((name) => !example.has(name))).toEqual([])
})

test('the app gets every setting of the file, and no password of another program', () => {
  expect(app.env_file).toBe('.env')
  const passwords = Object.keys(database.environment)
  expect(passwords).toEqual(['POSTGRES_PASSWORD', 'OWNER_PASSWORD'])
  for (const name of [...passwords, 'APP_PASSWORD', 'GRAFANA_PASSWORD'])
    expect([name, app.environment[name]]).toEqual([name, ''])
  // PORT of the file is the machine's port. The container's own is fixed.
  expect(app.environment.PORT).toBe(String(imagePort))
})

test('its settings are accepted by the product', () => {
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
  const filled = Object.entries(app.environment).map(([name, value]) => [name, fill(value)])
  expect(parseEnv(Object.fromEntries(filled))).toMatchObject({ SHUTDOWN_GRACE: 25 })
})

test('ports and folders are those of the image', () => {
  expect(imagePort).toBe(3000)
  expect(app.ports).toEqual([`127.0.0.1:\${PORT:-3000}:${imagePort}`])
  expect(app.volumes).toEqual(['attachments:/app/.data/attachments'])
  const workdir = DOCKERFILE.findLast(({ name }) => name === 'WORKDIR')?.args[0]
  expect(workdir).toBe('/app')
  expect(
    `${workdir}/${parseEnv({ APP_URL: 'http://a.b', APP_SECRET: 's'.repeat(32), DATABASE_URL: 'postgresql://a/b' }).ATTACHMENTS_DIR}`,
  ).toBe('/app/.data/attachments')
})

test('volumes and files that it names exist, and what it needs is healthy first', () => {
  const [named, files] = [new Set<string>(), [] as string[]]
  for (const volume of Object.values(compose.services).flatMap(({ volumes }) => volumes)) {
    const [from = ''] = volume.split(':')
    if (from.startsWith('.')) files.push(from)
    else named.add(from)
  }
  expect([...named].sort()).toEqual(Object.keys(compose.volumes).sort())
  for (const file of files) expect(existsSync(path.join(ROOT, 'deploy', file)), file).toBe(true)
  expect(app.depends_on).toEqual({ database: { condition: 'service_healthy' } })
  expect(database.healthcheck).toBeDefined()
  expect(compose.services.proxy?.depends_on).toEqual({ app: { condition: 'service_healthy' } })
  expect(statSync(path.join(ROOT, 'deploy/create-owner.sh')).mode & 0o111, 'it can be executed').not.toBe(0)
})

test('only what a profile names starts beside the app and its database, and all but the proxy stay on this machine', () => {
  const profiles = Object.entries(compose.services).map(([name, service]) => [name, service.profiles])
  expect(Object.fromEntries(profiles)).toEqual({
    app: undefined,
    database: undefined,
    proxy: ['proxy'],
    model: ['model'],
    prometheus: ['monitoring'],
    grafana: ['monitoring'],
  })
  const open = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
    ports.some((port) => !port.startsWith('127.0.0.1:')) ? [name] : [],
  )
  expect(open).toEqual(['proxy'])
})

test('the container has longer to end than the process takes', () => {
  expect(Number.parseInt(app.stop_grace_period ?? '', 10)).toBeGreaterThan(
    Number(app.environment.SHUTDOWN_GRACE) + GIVE_UP_S,
  )
})
