import { z } from 'zod'
import { DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL } from '#lib/platform/default-models.ts'

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
// As OpenTelemetry's specification has it: name=value, with commas between, values percent-encoded.
const headerList = z.string().transform((text, ctx) => {
  const headers: Record<string, string> = {}
  for (const part of text.split(',').filter((part) => part.trim())) {
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    if (name && value !== undefined && !/%(?![\da-f]{2})/i.test(value)) headers[name] = decodeURIComponent(value)
    else ctx.addIssue({ code: 'custom', message: 'must be name=value pairs with commas between them' })
  }
  return headers
})
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
  // How long a start waits for a database that is away; 0 ends it at once.
  DATABASE_WAIT: whole(60, 0, 3_600, ' of seconds'),
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
  // Whether each request to the server is a line in the log.
  ACCESS_LOG: oneOf('on', 'off').default('off'),
  // If set, traces, metrics and the log are sent there by OTLP over HTTP.
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headerList.optional(),
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

  // How many closed months of audited events are kept; 0 keeps them for ever.
  AUDIT_MONTHS: whole(0, 0, 1_200).refine((months) => months === 0 || months >= 3, 'must be 0, or at least 3'),
  // How many days it is kept what models used; 0 keeps it for ever. Longer than any limit's period.
  USAGE_DAYS: whole(400, 0, 36_500).refine((days) => days === 0 || days >= 62, 'must be 0, or at least 62'),

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

  // How long (hours) a temporary conversation stays after its last message.
  TEMPORARY_HOURS: count(4, 168),
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

/** The settings as the server uses them. */
export type Env = z.infer<typeof Settings>
