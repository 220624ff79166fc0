import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { isLocalOnly, parseEnv, SettingsError } from '#lib/platform/env.ts'
import { Settings } from '#lib/platform/settings.ts'

const GOOD = {
  APP_URL: 'https://chat.example.com/',
  APP_SECRET: 's'.repeat(32),
  DATABASE_URL: 'postgresql://app:secret@db.example.com:5432/switchboard',
}
const ROOT = path.resolve(import.meta.dirname, '../..')

function problemsOf(env: Record<string, string>): string[] {
  try {
    parseEnv(env)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message.split('\n')
  }
}

test('docs/settings.md names every setting with its default, and no other', () => {
  const table =
    readFileSync(path.join(ROOT, 'docs/settings.md'), 'utf8').split('## Settings of the start alone')[0] ?? ''
  const documented = new Map(
    [...table.matchAll(/^\| `([A-Z0-9_]+)` \| (.*?) \|/gm)].map(([, name = '', fallback = '']) => [name, fallback]),
  )
  expect([...documented.keys()].sort()).toEqual(Object.keys(Settings.shape).sort())
  const defaults = parseEnv(GOOD)
  for (const [name, fallback] of documented) {
    const value = defaults[name as keyof typeof defaults]
    if (name in GOOD) expect([name, fallback]).toEqual([name, 'required'])
    else if (value !== undefined && value.toString() !== '') expect([name, fallback]).toEqual([name, `\`${value}\``])
    else expect([name, fallback]).toEqual([name, expect.not.stringMatching(/^`[^`]*`$/)])
  }
})

test('valid settings are parsed, and an empty value counts as unset', () => {
  const env = parseEnv({ ...GOOD, OPENAI_BASE_URL: '', SIGN_UP_DOMAINS: 'Example.com, example.org', SMTP_URL: '' })
  expect(env).toMatchObject({
    APP_URL: 'https://chat.example.com',
    SIGN_UP_DOMAINS: ['example.com', 'example.org'],
    DATABASE_POOL_SIZE: 10,
  })
  expect(env.OPENAI_BASE_URL).toBeUndefined()
})

test('each problem is one line: the variable, what is wrong, an example', () => {
  expect(problemsOf({})).toEqual([
    'APP_URL is missing. For example: APP_URL=https://chat.example.com',
    'APP_SECRET is missing. For example: APP_SECRET=the output of `openssl rand -base64 48`',
    'DATABASE_URL is missing. For example: DATABASE_URL=postgresql://switchboard_app:password@db.example.com:5432/switchboard',
  ])
  expect(problemsOf({ ...GOOD, APP_URL: 'chat.example.com' })).toEqual([
    'APP_URL must be an http or https URL. For example: APP_URL=https://chat.example.com',
  ])
  for (const more of ['/chat', '/chat/', '/?x=1', '/#x', '?x'])
    expect(problemsOf({ ...GOOD, APP_URL: `https://example.com${more}` }), more).toEqual([
      expect.stringMatching(
        /^APP_URL must be the address of a site alone, without a path.* For example: APP_URL=https:\/\/chat\.example\.com$/,
      ),
    ])
  expect(problemsOf({ ...GOOD, APP_URL: 'https://ann:pw@example.com' })).toHaveLength(1)
  for (const APP_URL of ['https://EXAMPLE.com:443//', 'https://example.com'])
    expect(parseEnv({ ...GOOD, APP_URL }).APP_URL).toBe('https://example.com')
  expect(problemsOf({ ...GOOD, DATABASE_URL: 'mysql://db/x' })[0]).toMatch(
    /^DATABASE_URL must be a postgresql:\/\/ URL\. For example: /,
  )
  expect(problemsOf({ ...GOOD, OPENAI_API: 'chat' })).toEqual([
    'OPENAI_API must be one of: responses, chat_completions. For example: OPENAI_API=chat_completions',
  ])
  for (const RUNS_PER_MINUTE of ['many', '0', '1.5', '10001'])
    expect(problemsOf({ ...GOOD, RUNS_PER_MINUTE })).toEqual([
      'RUNS_PER_MINUTE must be a whole number from 1 to 10000. For example: RUNS_PER_MINUTE=20',
    ])
  expect(problemsOf({ ...GOOD, MCP_CALL_TIMEOUT: 'soon' })).toEqual([
    'MCP_CALL_TIMEOUT must be a whole number of seconds from 1 to 86400. For example: MCP_CALL_TIMEOUT=60',
  ])
})

test('on Vercel a missing database says where to get one, and runs end before the function does', () => {
  const { DATABASE_URL: _, ...rest } = GOOD
  expect(problemsOf({ ...rest, VERCEL: '1' })).toEqual([
    expect.stringMatching(
      /^DATABASE_URL is missing: connect a PostgreSQL to the Vercel project .* DATABASE_DIRECT_URL for builds\. For example: /,
    ),
  ])
  expect(parseEnv({ ...GOOD, VERCEL: '1' }).RUN_TIMEOUT).toBe(285)
  expect(parseEnv({ ...GOOD, VERCEL: '1', RUN_TIMEOUT: '60' }).RUN_TIMEOUT).toBe(60)
  expect(parseEnv({ ...GOOD, DATABASE_LISTEN_URL: 'off' }).DATABASE_LISTEN_URL).toBe('off')
  expect(problemsOf({ ...GOOD, DATABASE_LISTEN_URL: 'mysql://x/y' })[0]).toMatch(
    /^DATABASE_LISTEN_URL must be a postgresql:\/\/ URL or "off"\./,
  )
})

test('a value, which may be a secret, never appears in an error', () => {
  const secret = 'hunter2-hunter2'
  expect(
    problemsOf({
      APP_URL: secret,
      APP_SECRET: secret,
      DATABASE_URL: secret,
      SMTP_URL: secret,
      MCP_SERVER_URL: secret,
    }).join(),
  ).not.toContain(secret)
})

test('settings that need each other are checked', () => {
  expect(problemsOf({ ...GOOD, GITHUB_ID: 'x' })).toEqual(['GITHUB_SECRET is missing, but GITHUB_ID is set.'])
  expect(problemsOf({ ...GOOD, OIDC_ISSUER: 'https://login.example.com' }).map((line) => line.split(' ')[0])).toEqual([
    'OIDC_ID',
    'OIDC_SECRET',
  ])
  expect(problemsOf({ ...GOOD, SIGN_UP: 'domain' }).map((line) => line.split(' ')[0])).toEqual([
    'SIGN_UP_DOMAINS',
    'SMTP_URL',
  ])
})

test('a server is local only if both HOSTNAME and APP_URL are loopback', () => {
  const local = (HOSTNAME: string, APP_URL: string) => isLocalOnly(parseEnv({ ...GOOD, HOSTNAME, APP_URL }))
  expect(local('127.0.0.1', 'http://127.0.0.1:3000')).toBe(true)
  expect(local('::1', 'http://localhost:3000')).toBe(true)
  expect(local('0.0.0.0', 'http://127.0.0.1:3000')).toBe(false)
  expect(local('127.0.0.1', 'https://chat.example.com')).toBe(false)
})

test('a secret can stand in a file, and what is wrong with the file is said', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'switchboard-secrets-'))
  try {
    const file = path.join(folder, 'secret')
    const { APP_SECRET, ...rest } = GOOD
    writeFileSync(file, `${APP_SECRET}\n`)
    expect(parseEnv({ ...rest, APP_SECRET_FILE: file }).APP_SECRET).toBe(APP_SECRET)
    expect(problemsOf({ ...GOOD, APP_SECRET_FILE: file })).toEqual([
      'APP_SECRET_FILE is set, and so is APP_SECRET: keep one of the two.',
    ])
    expect(problemsOf({ ...rest, APP_SECRET_FILE: `${file}s` })).toEqual([
      `APP_SECRET_FILE names ${file}s, which cannot be read (ENOENT).`,
    ])
    writeFileSync(file, '\n')
    expect(problemsOf({ ...rest, APP_SECRET_FILE: file })).toEqual([`APP_SECRET_FILE names ${file}, which is empty.`])
    writeFileSync(file, 'too short')
    expect(problemsOf({ ...rest, APP_SECRET_FILE: file })[0]).toMatch(/^APP_SECRET must have at least 32 characters/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
