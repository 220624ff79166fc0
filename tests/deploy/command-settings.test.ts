import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

test('the doctor runs where the secrets are files, without a secret of its own beside them', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-doctor-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const secret = path.join(folder, 'secret')
  await writeFile(secret, 'a secret of the tests, long enough\n')
  const { stderr, status } = spawnSync(process.execPath, ['scripts/commands/switchboard.ts', 'doctor'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, APP_SECRET_FILE: secret } as unknown as NodeJS.ProcessEnv,
  })
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^Name the address of a server\./)])
})
