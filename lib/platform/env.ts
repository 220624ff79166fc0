import { processState } from '#lib/platform/process-state.ts'
import { readSecretFiles } from '#lib/platform/secret-files.ts'
import { type Env, Settings } from '#lib/platform/settings.ts'

const EXAMPLES: Partial<Record<keyof Env, string>> = {
  APP_URL: 'https://chat.example.com',
  APP_SECRET: 'the output of `openssl rand -base64 48`',
  DATABASE_URL: 'postgresql://switchboard_app:password@db.example.com:5432/switchboard',
  METRICS_TOKEN: 'the output of `openssl rand -hex 24`',
  SIGN_UP: 'closed',
  SIGN_UP_DOMAINS: 'example.com',
  SMTP_URL: 'smtp://user:password@mail.example.com:587',
  MAIL_FROM: '"Switchboard" <switchboard@example.com>',
  OIDC_ISSUER: 'https://login.example.com',
  OPENAI_BASE_URL: 'http://localhost:11434/v1',
  OPENAI_API: 'chat_completions',
  OPENAI_CONTEXT_TOKENS: '131072',
  MCP_ALLOWED_ORIGINS: 'https://app.example.com,https://inspector.example.com',
  MCP_SERVER_URL: 'http://localhost:8001/mcp',
  S3_ENDPOINT: 'https://s3.eu-central-1.amazonaws.com',
  S3_BUCKET: 'switchboard-attachments',
}

/** Settings that depend on another: the first of each pair needs the second. */
const PAIRS: [keyof Env, keyof Env][] = [
  ['GITHUB_ID', 'GITHUB_SECRET'],
  ['GOOGLE_ID', 'GOOGLE_SECRET'],
  ['OIDC_ISSUER', 'OIDC_ID'],
  ['OIDC_ISSUER', 'OIDC_SECRET'],
  ['SMTP_URL', 'MAIL_FROM'],
  ['S3_ENDPOINT', 'S3_BUCKET'],
  ['S3_ENDPOINT', 'S3_ACCESS_KEY_ID'],
  ['S3_ENDPOINT', 'S3_SECRET_ACCESS_KEY'],
]

/**
 * Thrown for invalid settings. The message has one line per variable: the problem and an example.
 * No AppError: it is for the operator who starts the server.
 */
export class SettingsError extends Error {}

/**
 * Parses the settings from `source` and the files that it names. An empty value counts as unset.
 * Throws SettingsError.
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const { values, problems } = readSecretFiles(source)
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''))
  // A Vercel function lives for at most 300 s (vercel.json); a run must end cleanly before that.
  if (given.VERCEL) given.RUN_TIMEOUT ??= '285'
  const parsed = Settings.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0])
    if (!problems.has(name) && !problems.has(`${name}_FILE`))
      problems.set(name, name in given ? issue.message : 'is missing')
  }
  for (const [name, needs] of PAIRS)
    if (given[name] && !given[needs]) problems.set(needs, `is missing, but ${name} is set`)
  if (given.SIGN_UP === 'domain' && !given.SIGN_UP_DOMAINS)
    problems.set('SIGN_UP_DOMAINS', 'is missing, but SIGN_UP is "domain"')
  if (given.SIGN_UP === 'domain' && !given.SMTP_URL)
    problems.set('SMTP_URL', 'is missing, but SIGN_UP is "domain", which verifies addresses by mail')
  if (given.VERCEL && !given.DATABASE_URL)
    problems.set(
      'DATABASE_URL',
      'is missing: connect a PostgreSQL to the Vercel project and set this to its address, and DATABASE_DIRECT_URL for builds',
    )
  if (parsed.success && problems.size === 0) return parsed.data
  const lines = [...problems].map(([name, problem]) => {
    const example = EXAMPLES[name as keyof Env] ?? Settings.shape[name as keyof Env]?.safeParse(undefined).data
    return `${name} ${problem}.${example ? ` For example: ${name}=${example}` : ''}`
  })
  throw new SettingsError(lines.join('\n'))
}

const parsed = processState('env', (): { env?: Env } => ({}))

/**
 * The settings of this process, read once at the first call: when the server starts, never during
 * the build. Throws SettingsError.
 */
export function env(): Env {
  const memo = parsed()
  if (!memo.env) {
    memo.env = parseEnv(process.env)
    // next-auth reads its own origin only from this variable.
    process.env.NEXTAUTH_URL = `${memo.env.APP_URL}/api/auth`
  }
  return memo.env
}

/** What the client of OpenAI reads by itself, and sends to whatever server it asks. */
const READ_BY_CLIENT = ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_ADMIN_KEY', 'OPENAI_CUSTOM_HEADERS']

/**
 * Makes a client that adds nothing of the environment to its requests: that is meant for the server
 * of the settings, and may hold keys. `make` must not wait.
 */
export function withoutClientEnvironment<T>(make: () => T): T {
  const before = READ_BY_CLIENT.map((name) => [name, process.env[name]] as const)
  for (const name of READ_BY_CLIENT) delete process.env[name]
  try {
    return make()
  } finally {
    for (const [name, value] of before) if (value !== undefined) process.env[name] = value
  }
}

/**
 * The log level alone. It is needed before the settings are parsed, to report that they are wrong.
 */
export function logLevel(): Env['LOG_LEVEL'] {
  return Settings.shape.LOG_LEVEL.catch('info').parse(process.env.LOG_LEVEL || undefined)
}

/** True under `next dev`, where React needs eval for its error stacks. Decided at build time. */
export const isDevelopment = process.env.NODE_ENV === 'development'

/** True for 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)
}

/**
 * True if only this machine can reach the server: it listens on loopback and APP_URL is a loopback
 * address.
 */
export function isLocalOnly({ HOSTNAME, APP_URL }: Env): boolean {
  return isLoopback(HOSTNAME) && isLoopback(new URL(APP_URL).hostname)
}
