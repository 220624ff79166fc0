import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseEnv } from '#lib/platform/env.ts'
import { VERSION } from '#lib/platform/version.ts'
import { ROOT } from '#scripts/build-freshness.ts'
import { hashChart, listExamples } from '#scripts/deploy/helm-chart.ts'
import { parseDockerfile } from '#scripts/docker/dockerfile.ts'
import { DOCUMENTED_SETTINGS, GIVE_UP_S } from './product-facts.ts'

// The Helm chart and what is rendered from it say what the product says. `npm run deploy-test` renders it again with Helm itself.

type Probe = { httpGet: { path: string; port: string } }
type Container = {
  image: string
  command?: string[]
  ports?: { name: string; containerPort: number }[]
  envFrom: { secretRef: { name: string } }[]
  env: { name: string; value: string }[]
  volumeMounts: { name: string; mountPath: string }[]
  securityContext: object
  lifecycle: { preStop: { exec: { command: string[] } } }
} & Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', Probe>
type Pod = {
  containers: [Container]
  volumes: { name: string; configMap?: { name: string }; persistentVolumeClaim?: { claimName: string } }[]
  securityContext: object
  automountServiceAccountToken: boolean
  terminationGracePeriodSeconds: number
}
type Manifest = {
  kind: string
  metadata: { name: string; labels: object; annotations: Record<string, string> }
  stringData?: Record<string, string>
  data: Record<string, string>
  spec: {
    replicas?: number
    strategy: object
    selector: object & { matchLabels: object }
    ports: { targetPort: string }[]
    template: { metadata: { labels: object }; spec: Pod }
  }
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const DOCKERFILE = parseDockerfile(read('Dockerfile'))
const imagePort = Number(DOCKERFILE.find(({ name }) => name === 'EXPOSE')?.args[0])
const SECRETS = parseManifests('secret.example')
const SECRET_SETTINGS = Object.fromEntries(SECRETS.map(({ metadata, stringData = {} }) => [metadata.name, stringData]))

function parseManifests(name: string): Manifest[] {
  return parseAllDocuments(read(`deploy/kubernetes/${name}.yaml`)).map((document) => {
    expect(document.errors, name).toEqual([])
    return document.toJS() as Manifest
  })
}

test('the chart has the version of the product', () => {
  expect(parse(read('deploy/helm/switchboard/Chart.yaml'))).toMatchObject({ version: VERSION, appVersion: VERSION })
})

describe.each(listExamples())('rendered with the example %s', (example) => {
  const manifests = parseManifests(example)
  const find = (kind: string): Manifest =>
    manifests.find((manifest) => manifest.kind === kind) ?? expect.fail(`no ${kind}`)
  const deployment = find('Deployment').spec
  const pod = deployment.template.spec
  const [container] = pod.containers
  const [migration] = find('Job').spec.template.spec.containers

  test('it is the present chart’s', () => {
    expect(read(`deploy/kubernetes/${example}.yaml`)).toContain(`# ${hashChart(example)}\n`)
  })

  test('its settings are documented and accepted', () => {
    const settings = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
    const names = [...Object.keys(settings), ...Object.values(SECRET_SETTINGS).flatMap((secret) => Object.keys(secret))]
    expect(names.filter((name) => !DOCUMENTED_SETTINGS.has(name))).toEqual([])
    const ofS3 = settings.S3_ENDPOINT ? { S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' } : {}
    const ofSso = settings.OIDC_ISSUER ? { OIDC_SECRET: 'c' } : {}
    const secret = { ...SECRET_SETTINGS.switchboard, APP_SECRET: 's'.repeat(32), ...ofS3, ...ofSso }
    expect(parseEnv({ ...secret, ...settings })).toMatchObject({ SHUTDOWN_GRACE: 25 })
  })

  test('ports, programs, folders and selectors fit together', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: imagePort }])
    expect(find('Service').spec.ports.map(({ targetPort }) => targetPort)).toEqual(['http'])
    expect(find('Service').spec.selector).toEqual(deployment.selector.matchLabels)
    expect(deployment.template.metadata.labels).toMatchObject(deployment.selector.matchLabels)
    expect(find('Job').spec.template.metadata.labels).not.toMatchObject(deployment.selector.matchLabels)
    expect(migration.command).toEqual(['switchboard', 'migrate'])
    expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(pod.volumes.map(({ name }) => name).sort())
    for (const { configMap, persistentVolumeClaim } of pod.volumes) {
      if (configMap) expect(find('ConfigMap').metadata.name).toBe(configMap.name)
      if (persistentVolumeClaim)
        expect(find('PersistentVolumeClaim').metadata.name).toBe(persistentVolumeClaim.claimName)
    }
    const folder = container.volumeMounts.find(({ name }) => name === 'attachments')?.mountPath
    if (folder) expect(folder).toBe('/app/.data/attachments')
    const place = [folder ? 'volume' : [], container.env.map(({ name }) => name)].flat()
    expect(place.filter((name) => ['volume', 'S3_BUCKET', 'ATTACHMENTS'].includes(name))).toHaveLength(1)
  })

  test('each probe asks a route that exists, at a port that is named', () => {
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(
      ({ httpGet }) => httpGet,
    )
    expect(probes.map((probe) => probe.path)).toEqual(['/api/health/live', '/api/health/live', '/api/health/ready'])
    for (const probe of probes) {
      expect(existsSync(path.join(ROOT, `app${probe.path}/route.ts`)), probe.path).toBe(true)
      expect(probe.port).toBe('http')
    }
  })

  test('only the migration, which comes first, has the owner’s rights', () => {
    const secretsOf = ({ envFrom }: Container) => envFrom.map(({ secretRef }) => secretRef.name)
    expect(secretsOf(container)).toEqual(['switchboard'])
    expect(secretsOf(migration)).toEqual(['switchboard', 'switchboard-owner'])
    expect(Object.keys(SECRET_SETTINGS.switchboard ?? {})).not.toContain('DATABASE_DIRECT_URL')
    expect(find('Job').metadata.annotations['helm.sh/hook']).toBe('pre-install,pre-upgrade')
  })

  test('no container runs as root or writes to its image', () => {
    for (const [spec, one] of [
      [pod, container],
      [find('Job').spec.template.spec, migration],
    ] as const) {
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      expect(spec.automountServiceAccountToken).toBe(false)
      expect(one.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    }
  })

  test('a pod has longer to end than the process takes', () => {
    const grace = Number(container.env.find(({ name }) => name === 'SHUTDOWN_GRACE')?.value)
    const [, preStop] = container.lifecycle.preStop.exec.command
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(preStop) + grace + GIVE_UP_S)
  })
})

test('what is special about an example is in its rendering', () => {
  const kinds = Object.fromEntries(
    listExamples().map((example) => [example, parseManifests(example).map(({ kind }) => kind)]),
  )
  expect(kinds.scaling).toEqual(
    expect.arrayContaining(['HorizontalPodAutoscaler', 'NetworkPolicy', 'ServiceMonitor', 'PodDisruptionBudget']),
  )
  expect(kinds.single).not.toContain('PodDisruptionBudget')
  const [single] = parseManifests('single').filter(({ kind }) => kind === 'Deployment')
  expect(single?.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  const [claim] = parseManifests('volume').filter(({ kind }) => kind === 'PersistentVolumeClaim')
  expect(claim?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' })
  const [files] = parseManifests('tool-servers').filter(({ kind }) => kind === 'ConfigMap')
  expect(JSON.parse(files?.data['servers.json'] ?? '')).toMatchObject({ servers: [{ name: 'orders' }] })
})
