import { format, stripVTControlCharacters } from 'node:util'
import { log } from '#lib/platform/log.ts'
import { redactText } from '#lib/platform/redaction/redact.ts'

const LEVELS = { error: 'error', warn: 'warn', info: 'info', log: 'info', debug: 'debug' } as const

const LINE_MAX_CHARS = 16_384

/**
 * Turns what Next and the libraries print into lines of our log: one JSON object each, without
 * secrets.
 */
export function redirectConsole(): void {
  for (const [method, level] of Object.entries(LEVELS) as [
    keyof typeof LEVELS,
    (typeof LEVELS)[keyof typeof LEVELS],
  ][]) {
    console[method] = (...parts: unknown[]) => {
      const error = parts.find((part) => part instanceof Error)
      // A failed page was already logged with its request (instrumentation.ts).
      if (error && 'digest' in error) return
      const text = format(...parts.filter((part) => part !== error))
      log[level](
        { ...(error && { error }) },
        redactText(stripVTControlCharacters(text), LINE_MAX_CHARS).trim() || 'printed',
      )
    }
  }
}
