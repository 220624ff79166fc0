import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'

/** The names of the chart's examples: the values that deploy/kubernetes is rendered with. */
export function listExamples(): string[] {
  return globSync('deploy/helm/examples/*.yaml', { cwd: ROOT })
    .map((file) => path.basename(file, '.yaml'))
    .sort()
}

/** `sha256:` and the hash of all that decides what the chart renders with this example. */
export function hashChart(example: string): string {
  const hash = createHash('sha256')
  const files = globSync('deploy/helm/switchboard/{*.yaml,*.json,templates/*}', { cwd: ROOT }).sort()
  for (const file of [...files, `deploy/helm/examples/${example}.yaml`])
    hash.update(`${file}\n`).update(readFileSync(path.join(ROOT, file)))
  return `sha256:${hash.digest('hex')}`
}
