import { z } from 'zod'
import { DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL } from '#lib/platform/default-models.ts'
import { processState } from '#lib/platform/process-state.ts'
import { readSecretFiles } from '#lib/platform/secret-files.ts'

const whole = (fallback: number, min: number, max: number, unit = '') => {
  const error = `must be a whole number${unit} from ${min} to ${max}`
  return z.coerce.number(error).int(error).min(min, error).max(max, error).default(fallback)
}
const optionalWhole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`
  return z.coerce.number(error).int(error).min(min, error).max(max, error).optional()
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
// Text that is not a URL at all passes here: `httpUrl` reports it with its own message.
const isSiteUrl = (text: string) => {
  const url = URL.parse(text)
  return !url || /^\/*$/.test(url.pathname + url.search + url.hash + url.username + url.password)
}
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' })

/**
 * All settings of the server, with their limits. A test keeps `docs/settings.md` in step. Times are
 * in seconds.
 */
export const Settings = z.object({
  // The public address of the site, used for next-auth, token audiences and links in mails.
  APP_URL: httpUrl
    .refine(
      isSiteUrl,
      'must be the address of a site alone, without a path, a query or a name: Switchboard answers at the root of its host',
    )
    .transform((url) => new URL(url).origin),
  APP_SECRET: z.string().min(32, 'must have at least 32 characters'),
  DATABASE_URL: postgresUrl,
  DATABASE_POOL_SIZE: count(10, 500),
  // For LISTEN: a direct address if DATABASE_URL points at a transaction pooler, or "off".
  DATABASE_LISTEN_URL: z
    .string()
    .refine((value) => value === 'off' || postgresUrl.safeParse(value).success, 'must be a postgresql:// URL or "off"')
    .optional(),
  // The address the server listens on; the start script sets it.
  HOSTNAME: z.string().default('127.0.0.1'),
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
  // If set, /api/metrics answers requests that carry this token.
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  // The number of trusted proxies in front that add to X-Forwarded-For. 0 ignores the header.
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
  OPENAI_MODEL: z.string().default(DEFAULT_MODEL),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_API: oneOf('responses', 'chat_completions').default('responses'),
  OPENAI_TRANSCRIPTION_MODEL: z.string().default(DEFAULT_TRANSCRIPTION_MODEL),
  // The context window of OPENAI_MODEL, if it is none of OpenAI's present models.
  OPENAI_CONTEXT_TOKENS: optionalWhole(1_000, 100_000_000),
  MODELS_FILE: z.string().optional(),
  // Whether providers of models that admins add may have non-public addresses. Those of the settings
  // and of the file always may.
  MODEL_ALLOW_PRIVATE: oneOf('on', 'off').default('off'),
  MODEL_IDLE_TIMEOUT: seconds(60),
  // The most tools the model accepts in one request. Two of them find and call the others.
  MODEL_MAX_TOOLS: whole(128, 2, 10_000),
  // How many tools the model sees at once before it has to find the others.
  MODEL_DIRECT_TOOLS: whole(40, 2, 10_000),
  // The total time one model call may wait when the model server asks for it (Retry-After).
  MODEL_WAIT_MAX: whole(60, 0, 3_600, ' of seconds'),

  ASSISTANTS_FILE: z.string().optional(),

  // Whether assistants may keep facts that people agree to, and use them in later conversations.
  MEMORY: oneOf('on', 'off').default('on'),
  THREAD_TITLES: z.enum(['model', 'first_words']).default('model'),
  // If set, the page loads OpenAI's own ChatKit script instead of ours.
  CHATKIT_DOMAIN_KEY: z.string().optional(),
  MESSAGE_MAX_CHARS: count(20_000, 1_000_000),
  RUNS_PER_MINUTE: count(20, 10_000),
  // Requests of any kind that one person's pages may send to the chat API.
  CHAT_REQUESTS_PER_MINUTE: count(600, 1_000_000),
  STREAMS_AT_ONCE: count(30, 100_000),
  RUNS_AT_ONCE: count(5, 10_000),
  RUN_TIMEOUT: seconds(1_800),
  // What happens to a message sent while the assistant is answering in its thread.
  WHILE_ANSWERING: oneOf('refuse', 'wait').default('refuse'),

  ATTACHMENTS: oneOf('on', 'off').default('on'),
  ATTACHMENTS_DIR: z.string().default('.data/attachments'),
  ATTACHMENT_MAX_MB: count(20, 200),
  ATTACHMENTS_PER_MESSAGE: count(10, 50),
  ATTACHMENTS_PER_PERSON_MB: count(1_000, 1_000_000),
  // If set, attachment bytes are stored in this S3-compatible store instead of the folder.
  S3_ENDPOINT: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
  S3_BUCKET: z.string().optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),

  MCP_BUILTIN: oneOf('on', 'off').default('on'),
  // Sites whose pages may call /mcp, besides our own and those on this machine.
  MCP_ALLOWED_ORIGINS: list.refine(
    (origins) => origins.every(isOrigin),
    'must be origins without a path, separated by commas',
  ),
  MCP_REQUESTS_PER_MINUTE: count(600, 1_000_000),
  MCP_REQUESTS_PER_PERSON: count(1_200, 1_000_000),
  MCP_SERVER_URL: httpUrl.optional(),
  MCP_SERVERS_FILE: z.string().optional(),
  // Whether servers that admins add may have non-public addresses. Servers from the settings always
  // may.
  MCP_ALLOW_PRIVATE: oneOf('on', 'off').default('off'),
  MCP_CONNECT_TIMEOUT: seconds(30),
  MCP_CALL_TIMEOUT: seconds(60),
  MCP_CALL_HARD_TIMEOUT: seconds(300),
  MCP_QUESTION_TIMEOUT: seconds(600),
  MCP_TASK_TIMEOUT: seconds(86_400),

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
