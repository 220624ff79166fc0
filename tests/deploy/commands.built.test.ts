import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ROOT, STANDALONE } from '#scripts/build-freshness.ts'
import { expectOk, makeFirstAccount } from '#scripts/local/first-visit.ts'
import { startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS, buildIfStale } from '#tests/support/processes/build.ts'
import { uploadFile } from '#tests/support/processes/upload-file.ts'

// The operator's commands as the image has them: packed beside the build, started by
// `switchboard <verb>`.

const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-commands-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

function switchboard(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(path.join(ROOT, 'scripts/docker/switchboard.sh'), args, {
    encoding: 'utf8',
    env: {
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
      SWITCHBOARD_FOLDER: STANDALONE,
      APP_URL: 'https://chat.example.com',
      APP_SECRET: 'a secret of the tests, long enough',
      ...env,
    } as unknown as NodeJS.ProcessEnv,
  })
  return { status, stdout, stderr }
}

test('the help lists each command, and each has its own', { timeout: BUILD_MS }, async () => {
  await buildIfStale()
  const { status, stdout } = switchboard(['--help'])
  expect(status).toBe(0)
  const verbs = [...stdout.matchAll(/^ {2}(\S+)/gm)].map(([, verb]) => verb ?? '')
  expect(verbs).toEqual(['doctor', 'reset-password', 'rotate-keys', 'export', 'backup-check', 'migrate'])
  for (const verb of verbs) {
    const help = switchboard([verb, '--help'])
    expect([verb, help.status, help.stderr]).toEqual([verb, 0, ''])
    expect(help.stdout).toContain(`switchboard ${verb}`)
  }
  expect(switchboard(['constructor'])).toMatchObject({
    status: 1,
    stderr: 'There is no command "constructor". "switchboard --help" lists them.\n',
  })
  expect(switchboard(['reset-password']).stderr).toContain('For example: switchboard reset-password ann@example.com')
})

test('an operator helps a person, exports an account and checks a copy, with secrets in files', {
  timeout: BUILD_MS,
}, async () => {
  const files = await mkdtemp(path.join(folder, 'files-'))
  await using app = await disposable({ ATTACHMENTS_DIR: files })
  const visitor = await makeFirstAccount(app.url, app.logs)
  const me = (await (await expectOk(visitor, '/api/me')).json()) as { email: string }
  const hello = { name: 'a.txt', mimeType: 'text/plain', bytes: new TextEncoder().encode('hello') }
  expect((await uploadFile(visitor, hello)).answer.status).toBe(200)

  const url = new URL(app.databaseUrl)
  url.username = 'test_app'
  const env = { DATABASE_URL_FILE: await secretFile(url.href), ATTACHMENTS_DIR: files }
  const checked = switchboard(['backup-check'], env)
  expect(checked).toMatchObject({ status: 0, stderr: '' })
  expect(checked.stdout).toMatch(/1 people.*\n.*\n?.*All 1 files are there/s)

  const exported = switchboard(['export', me.email], env)
  expect([exported.status, exported.stderr]).toEqual([0, ''])
  expect(JSON.parse(exported.stdout)).toMatchObject({ profile: { email: me.email }, attachments: [{ size: 5 }] })
  expect(switchboard(['export', 'nobody@example.com'], env)).toMatchObject({
    status: 1,
    stderr: 'No account has the address nobody@example.com.\n',
  })

  const reset = switchboard(['reset-password', me.email], env)
  expect([reset.status, reset.stderr]).toEqual([0, ''])
  expect(reset.stdout).toMatch(new RegExp(`The new password of ${me.email} is [a-z2-9-]{23}\n`))

  const rotated = switchboard(['rotate-keys'], env)
  expect([rotated.status, rotated.stdout]).toEqual([0, expect.stringContaining('signs from two minutes on')])
  expect(
    switchboard(['backup-check'], { ...env, APP_SECRET: `another secret of the tests${'.'.repeat(9)}` }),
  ).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('APP_SECRET is another than that of the backup'),
  })
  for (const owner of await readdir(files)) await rm(path.join(files, owner), { recursive: true })
  expect(switchboard(['backup-check'], env)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('1 of 1 files are missing'),
  })
})

test('secrets leave the environment of the server', { timeout: BUILD_MS }, async () => {
  const secret = 'sk-of-the-tests-0123456789'
  await using app = await disposable({
    OPENAI_API_KEY_FILE: await secretFile(`${secret}\n`),
    METRICS_TOKEN: 'a token of the monitoring',
    NODE_OPTIONS: `--report-on-signal --report-directory=${folder} --report-filename=report.json`,
  })
  expect(
    (await fetch(`${app.url}/api/metrics`, { headers: { authorization: 'Bearer a token of the monitoring' } })).status,
  ).toBe(200)
  app.kill('SIGUSR2')
  let report = ''
  // The file is there before it is whole.
  await expect
    .poll(
      async () => {
        report = await readFile(path.join(folder, 'report.json'), 'utf8').catch(() => '')
        return report.trimEnd().endsWith('}') && Object.hasOwn(JSON.parse(report), 'environmentVariables')
      },
      { timeout: 20_000 },
    )
    .toBe(true)
  const { environmentVariables } = JSON.parse(report) as { environmentVariables: Record<string, string> }
  expect(environmentVariables.APP_URL).toBe(app.url)
  for (const name of ['APP_SECRET', 'DATABASE_URL', 'DATABASE_DIRECT_URL', 'METRICS_TOKEN'])
    expect([name, environmentVariables[name]]).toEqual([name, undefined])
  expect(report).not.toContain(secret)
})

test('a memory limit decides how much V8’s heap gets, unless NODE_OPTIONS does', async () => {
  const bin = await mkdtemp(path.join(folder, 'bin-'))
  await writeFile(path.join(bin, 'node'), '#!/bin/sh\necho "$@"\n')
  await chmod(path.join(bin, 'node'), 0o755)
  const limit = path.join(folder, 'memory.max')
  const start = (env: Record<string, string> = {}) =>
    switchboard(['start', '--listen', '::'], {
      PATH: `${bin}:${process.env.PATH}`,
      MEMORY_LIMIT_FILES: limit,
      ...env,
    }).stdout.trim()
  const flagsFor = async (text: string) => {
    await writeFile(limit, text)
    return start()
  }
  const bare = 'scripts/start.mjs --listen ::'
  expect(await flagsFor(`${1024 ** 3}\n`)).toBe(`--max-old-space-size=614 --max-semi-space-size=16 ${bare}`)
  expect(await flagsFor(`${256 * 1024 ** 2}\n`)).toBe(`--max-old-space-size=153 --max-semi-space-size=4 ${bare}`)
  for (const none of ['max\n', '', '9223372036854771712\n']) expect([none, await flagsFor(none)]).toEqual([none, bare])
  await writeFile(limit, `${1024 ** 3}\n`)
  expect(start({ NODE_OPTIONS: '--max-old-space-size=99' })).toBe(bare)
})

async function secretFile(text: string): Promise<string> {
  const file = path.join(await mkdtemp(path.join(folder, 'secret-')), 'secret')
  await writeFile(file, text)
  return file
}

async function disposable(env: Record<string, string>) {
  const app = await startApp({ env })
  return Object.assign(app, { [Symbol.asyncDispose]: () => app.stop() })
}
