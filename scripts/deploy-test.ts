// npm run deploy-test [part]: follows deploy/ with the real programs, tests/deploy/real/*.deploy.ts. They come from the
// distribution (apt-get install nginx-light haproxy caddy pgbouncer podman buildah) and from Helm. What is missing is said at once.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'
import { SELF_SIGNED } from '#tests/support/processes/self-signed.ts'

const PROGRAMS = ['nginx', 'haproxy', 'caddy', 'helm']

const missing = PROGRAMS.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
if (missing.length > 0) {
  console.error(`npm run deploy-test needs ${missing.join(', ')} on the PATH.`)
  process.exitCode = 1
} else {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'switchboard-deploy-'))
  const authority = path.join(folder, 'authority.pem')
  writeFileSync(authority, SELF_SIGNED.cert)
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/deploy/real/deploy.config.ts']
  const { status } = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
  })
  rmSync(folder, { recursive: true })
  process.exitCode = status ?? 1
}
