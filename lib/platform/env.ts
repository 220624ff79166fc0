import { z } from 'zod'
import { processState } from '#lib/platform/process-state.ts'

const whole = (fallback: number, min: number, max: number, unit = '') => {
  const error = `must be a whole number${unit} from ${min} to ${max}`
  return z.coerce.number(error).int(error).min(min, error).max(max, error).default(fallback)
}
const seconds = (fallback: number, max = 86_400) => whole(fallback, 1, max, ' of seconds')
const count = (fallback: number, max: number) => whole(fallback, 1, max)
const oneOf = <const Choice extends string>(...choices: Choice[]) =>
  z.enum(choices, `must be one of: ${choices.join(', ')}`)
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  )
const isOrigin = (text: string) => /^https?:/.test(text) && URL.parse(text)?.origin === text
// What is no URL at all has its own sentence.
const isSiteUrl = (text: string) => {
  const url = URL.parse(text)
  return !url || /^\/*$/.test(url.pathname + url.search + url.hash + url.username + url.password)
}
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' })

/** Every setting of the server with its limits; `docs/settings.md` explains them and a test keeps the two equal. Times are seconds. */
const Settings = z.object({
  // The address that people use. Feeds next-auth, the audience of tokens, and links in mails.
  APP_URL: httpUrl
    .refine(
      isSiteUrl,
      'must be the address of a site alone, without a path, a query or a name: Switchboard answers at the root of its host',
    )
    .transform((url) => new URL(url).origin),
  APP_SECRET: z.string().min(32, 'must have at least 32 characters'),
  DATABASE_URL: postgresUrl,
  DATABASE_POOL_SIZE: count(10, 500),
  // For LISTEN: a direct address where DATABASE_URL is a transaction pooler's, or off.
  DATABASE_LISTEN_URL: z
    .string()
    .refine((value) => value === 'off' || postgresUrl.safeParse(value).success, 'must be a postgresql:// URL or "off"')
    .optional(),
  // The address the server listens on; the start script sets it.
  HOSTNAME: z.string().default('127.0.0.1'),
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
  // Set: /api/metrics answers whoever brings it.
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  // How many proxies in front add an X-Forwarded-For entry that can be believed. 0: the header is ignored.
  TRUSTED_PROXIES: whole(0, 0, 10),

  SIGN_UP: oneOf('open', 'domain', 'closed').optional(),
  SIGN_UP_DOMAINS: list,
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// URL' }).optional(),
  MAIL_FROM: z.string().optional(),
  GITHUB_ID: z.string().optional(),
  GITHUB_SECRET: z.string().optional(),
  GOOGLE_ID: z.string().optional(),
  GOOGLE_SECRET: z.string().optional(),
  OIDC_ISSUER: httpUrl.optional(),
  OIDC_ID: z.string().optional(),
  OIDC_SECRET: z.string().optional(),
  OIDC_NAME: z.string().default('Single sign-on'),

  OPENAI_API_KEY: z.string().optional(),
  OPENAI_MODEL: z.string().default('gpt-5.2'),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_API: oneOf('responses', 'chat_completions').default('responses'),
  OPENAI_TRANSCRIPTION_MODEL: z.string().default('gpt-4o-mini-transcribe'),
  MODEL_IDLE_TIMEOUT: seconds(60),
  // The most tools that a model takes in one request.
  MODEL_MAX_TOOLS: count(128, 10_000),
  // How long one call of the model may wait in all where its server asks for it (Retry-After).
  MODEL_WAIT_MAX: whole(60, 0, 3_600, ' of seconds'),

  THREAD_TITLES: z.enum(['model', 'first_words']).default('model'),
  // Set: the page loads OpenAI's own ChatKit script instead of ours.
  CHATKIT_DOMAIN_KEY: z.string().optional(),
  MESSAGE_MAX_CHARS: count(20_000, 1_000_000),
  RUNS_PER_MINUTE: count(20, 10_000),
  // Requests of any kind that one person's pages may send to the chat's API.
  CHAT_REQUESTS_PER_MINUTE: count(600, 1_000_000),
  STREAMS_AT_ONCE: count(30, 100_000),
  RUNS_AT_ONCE: count(5, 10_000),
  RUN_TIMEOUT: seconds(1_800),
  // What becomes of a message while the assistant answers in its thread.
  WHILE_ANSWERING: oneOf('refuse', 'wait').default('refuse'),

  ATTACHMENTS: oneOf('on', 'off').default('on'),
  ATTACHMENTS_DIR: z.string().default('.data/attachments'),
  ATTACHMENT_MAX_MB: count(20, 200),
  ATTACHMENTS_PER_MESSAGE: count(10, 50),
  ATTACHMENTS_PER_PERSON_MB: count(1_000, 1_000_000),
  // Set: the bytes of attachments are kept in this S3-compatible store instead of the folder.
  S3_ENDPOINT: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
  S3_BUCKET: z.string().optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),

  MCP_BUILTIN: oneOf('on', 'off').default('on'),
  // Pages of these sites may call /mcp, beside our own and those of this machine.
  MCP_ALLOWED_ORIGINS: list.refine(
    (origins) => origins.every(isOrigin),
    'must be origins without a path, separated by commas',
  ),
  MCP_REQUESTS_PER_MINUTE: count(600, 1_000_000),
  MCP_REQUESTS_PER_PERSON: count(1_200, 1_000_000),
  MCP_SERVER_URL: httpUrl.optional(),
  MCP_SERVERS_FILE: z.string().optional(),
  // Whether servers that admins add may have addresses that are not of the public internet. Those of the settings always may.
  MCP_ALLOW_PRIVATE: oneOf('on', 'off').default('off'),
  MCP_CONNECT_TIMEOUT: seconds(30),
  MCP_CALL_TIMEOUT: seconds(60),
  MCP_CALL_HARD_TIMEOUT: seconds(300),

  SHUTDOWN_GRACE: seconds(25, 600),
})

export type Env = z.infer<typeof Settings>

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
  MCP_ALLOWED_ORIGINS: 'https://app.example.com,https://inspector.example.com',
  MCP_SERVER_URL: 'http://localhost:8001/mcp',
  S3_ENDPOINT: 'https://s3.eu-central-1.amazonaws.com',
  S3_BUCKET: 'switchboard-attachments',
}

/** Settings that mean nothing without another: the first needs the second. */
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

/** Thrown for settings that cannot work: the message has one line a variable, with what is wrong and an example. */
export class SettingsError extends Error {}

/** Reads settings out of `source`; an empty value counts as unset. Throws SettingsError. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  // A function of Vercel lives 300 s at most (vercel.json): an answer has to end before, in order.
  if (given.VERCEL) given.RUN_TIMEOUT ??= '285'
  const parsed = Settings.safeParse(given)
  const problems = new Map<string, string>()
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0])
    if (!problems.has(name)) problems.set(name, name in given ? issue.message : 'is missing')
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
    const example = EXAMPLES[name as keyof Env] ?? Settings.shape[name as keyof Env].safeParse(undefined).data
    return `${name} ${problem}.${example ? ` For example: ${name}=${example}` : ''}`
  })
  throw new SettingsError(lines.join('\n'))
}

const parsed = processState('env', (): { env?: Env } => ({}))

/** The settings of this process, read once at the first call: while the server starts, never while it is built. Throws SettingsError. */
export function env(): Env {
  const memo = parsed()
  if (!memo.env) {
    memo.env = parseEnv(process.env)
    // next-auth reads its own origin from this variable and from nowhere else.
    process.env.NEXTAUTH_URL = `${memo.env.APP_URL}/api/auth`
  }
  return memo.env
}

/** The log level alone, which is needed before the settings are parsed: to say that they are wrong. */
export function logLevel(): Env['LOG_LEVEL'] {
  return Settings.shape.LOG_LEVEL.catch('info').parse(process.env.LOG_LEVEL || undefined)
}

/** True under `next dev`, where React needs eval for its error stacks; decided when the code is built. */
export const isDevelopment = process.env.NODE_ENV === 'development'

/** True for 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)
}

/** True where only this machine can reach the server: it listens on loopback and is known by a loopback address. */
export function isLocalOnly({ HOSTNAME, APP_URL }: Env): boolean {
  return isLoopback(HOSTNAME) && isLoopback(new URL(APP_URL).hostname)
}
