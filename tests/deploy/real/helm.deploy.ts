import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#scripts/build-freshness.ts'
import { listExamples } from '#scripts/deploy/helm-chart.ts'

// The chart with Helm itself: it is clean, deploy/kubernetes is what it renders, and mistakes are refused in a sentence.

function helm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('helm', args, { cwd: ROOT, encoding: 'utf8' })
}
const render = (example: string, ...set: string[]) =>
  helm(
    ...['template', 'switchboard', 'deploy/helm/switchboard', '--namespace', 'switchboard'],
    ...['--values', `deploy/helm/examples/${example}.yaml`],
    ...set.flatMap((value) => ['--set', value]),
  )

test.each(listExamples())('the example %s is clean, and deploy/kubernetes has it', (example) => {
  const linted = helm('lint', '--strict', 'deploy/helm/switchboard', '--values', `deploy/helm/examples/${example}.yaml`)
  expect([linted.status, linted.stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')])
  const { status, stdout } = render(example)
  expect(status).toBe(0)
  const committed = readFileSync(path.join(ROOT, `deploy/kubernetes/${example}.yaml`), 'utf8')
  expect(committed.split('\n').slice(2).join('\n')).toBe(stdout.replaceAll('\n\n---', '\n---'))
})

test.each([
  [['attachments.store='], 'attachments.store must say where uploaded files go'],
  [['attachments.s3.bucket='], 'set attachments.s3.endpoint and attachments.s3.bucket'],
  [['replicas=9'], 'but database.maxConnections is 100'],
  [['attachments.store=volume', 'attachments.volume.accessMode=ReadWriteOnce'], 'Several replicas need one place'],
  [['settings.APP_SECRET=x'], "invalid propertyName 'APP_SECRET'"],
  [['replica=3'], "additional properties 'replica' not allowed"],
  [['url=https://chat.example.com/path'], '/url'],
])('%j is refused', (set, sentence) => {
  const { status, stderr } = render('s3', ...set)
  expect([status, stderr]).toEqual([1, expect.stringContaining(sentence)])
})
