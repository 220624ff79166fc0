import { AsyncLocalStorage } from 'node:async_hooks'
import pino from 'pino'
import { logLevel } from '#lib/platform/env.ts'
import { logLines } from '#lib/platform/log-lines.ts'
import { redact, redactText } from '#lib/platform/redaction/redact.ts'

type Context = { request_id?: string; user_id?: string; run_id?: string; thread_id?: string }

/**
 * The most bytes of fields in one line, and below it the most characters of one message or stack.
 */
const LINE_MAX_BYTES = 16_384
const MESSAGE_MAX_CHARS = 8_192

const storage = new AsyncLocalStorage<Context>()

// If the process that reads our output has died, every write fails. That must not prevent an
// orderly shutdown.
const output = pino.destination({ fd: 1, sync: true })
output.on('error', () => {})

function writeLine(line: string): void {
  output.write(line)
  logLines().hear?.(line)
}

/**
 * Writes one JSON object per line to standard output, with the current request id. Secrets are
 * removed from all fields, error messages and stacks.
 */
export const log = pino(
  {
    level: logLevel(),
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
    // A copy, because pino writes the fields of the line into it.
    mixin: () => ({ ...storage.getStore() }),
    serializers: { error: describe },
  },
  { write: writeLine },
)

function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  const errors = Object.entries(fields).filter(([, value]) => value instanceof Error)
  const { ...rest } = fields
  for (const [name] of errors) delete rest[name]
  return { ...(redact(rest, LINE_MAX_BYTES) as typeof rest), ...Object.fromEntries(errors) }
}

function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return redact(error, LINE_MAX_BYTES)
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    name: error.name,
    message: redactText(error.message, MESSAGE_MAX_CHARS),
    ...(typeof code === 'string' && { code }),
    ...(depth === 0 && error.stack && { stack: redactText(error.stack, MESSAGE_MAX_CHARS) }),
    ...(cause !== undefined && depth < 4 && { cause: describe(cause, depth + 1) }),
  }
}

/**
 * Runs `work` and adds `context` to each of its log lines, on top of the current context (request
 * id, person, run).
 */
export function withLogContext<T>(context: Context, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work)
}

/**
 * The request id of the current work, for the ledger and error answers. Undefined outside a
 * request.
 */
export function findCurrentRequestId(): string | undefined {
  return storage.getStore()?.request_id
}
