// npm run render-manifests: renders deploy/helm with each of its examples into deploy/kubernetes, for clusters without Helm. Needs
// Helm 3.14 or newer. The first lines name what was rendered, so that a test finds a forgotten rendering without Helm.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'
import { hashChart, listExamples } from '#scripts/deploy/helm-chart.ts'

for (const example of listExamples()) {
  const values = `deploy/helm/examples/${example}.yaml`
  const args = ['template', 'switchboard', 'deploy/helm/switchboard', '--namespace', 'switchboard', '--values', values]
  const { status, stdout, stderr, error } = spawnSync('helm', args, { cwd: ROOT, encoding: 'utf8' })
  if (error) throw new Error('npm run render-manifests needs Helm on the PATH: https://helm.sh/docs/intro/install')
  if (status !== 0) throw new Error(stderr)
  const head = `# deploy/helm/switchboard with ${values}, rendered by npm run render-manifests.\n# ${hashChart(example)}\n`
  writeFileSync(path.join(ROOT, `deploy/kubernetes/${example}.yaml`), `${head}${stdout.replaceAll('\n\n---', '\n---')}`)
  console.log(`deploy/kubernetes/${example}.yaml`)
}
