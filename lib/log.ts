import { AsyncLocalStorage } from 'node:async_hooks'
import pino from 'pino'
import { logLevel } from '#lib/env.ts'
import { redactText } from '#lib/redact.ts'

type Context = { request_id?: string; user_id?: string; run_id?: string; thread_id?: string }

const storage = new AsyncLocalStorage<Context>()

// Where whoever read our output has died, every line fails; that must not keep us from ending in order.
const output = pino.destination({ fd: 1, sync: true })
output.on('error', () => {})

/** One JSON object a line on standard output, with the request id of the work in progress. Secrets are cut out of error messages and stacks. */
export const log = pino(
  {
    level: logLevel(),
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // A copy: pino writes the line's own fields into it.
    mixin: () => ({ ...storage.getStore() }),
    serializers: { error: describe },
  },
  output,
)

function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    name: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' && { code }),
    ...(depth === 0 && error.stack && { stack: redactText(error.stack) }),
    ...(cause !== undefined && depth < 4 && { cause: describe(cause, depth + 1) }),
  }
}

/** Runs `work` so that each of its log lines carries `context` beside what is already known (request id, person, run). */
export function withLogContext<T>(context: Context, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work)
}

/** The request id of the work in progress, for ledgers and error answers; undefined outside a request. */
export function currentRequestId(): string | undefined {
  return storage.getStore()?.request_id
}
