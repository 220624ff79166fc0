import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#scripts/build-freshness.ts'

// Every manifest of deploy/kubernetes against the schemas of Kubernetes itself, oldest and newest that the chart accepts.

test.each(['1.28', '1.36'])('the manifests are valid for Kubernetes %s', (version) => {
  const files = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT })
  expect(files.length).toBeGreaterThan(6)
  const python = process.env.INTEROP_PYTHON ?? 'python3'
  const args = ['--strict', '--kubernetes-version', version, ...files]
  const program = path.join(path.dirname(python), 'kubernetes-validate')
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' })
  expect([status, `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('ERROR'))]).toEqual([0, []])
})
