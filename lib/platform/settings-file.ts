import { readFileSync, statSync } from 'node:fs'
import type { z } from 'zod'
import { env, SettingsError } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

const MAX_BYTES = 5_000_000
const LINES_MAX = 10

type FileSetting = 'ASSISTANTS_FILE' | 'MCP_SERVERS_FILE' | 'MODELS_FILE'

type Kept<Content> = { path?: string; changed?: number; content?: Content; problem?: SettingsError | undefined }

/** What a JSON file of the settings says. */
export type SettingsFile<Content> = {
  /**
   * The content; undefined if the setting is empty. Read again when the file changes. A mistake that
   * is made while the server runs is logged once, and what was read before still holds. Throws
   * SettingsError that says what is wrong and where, if nothing was read before.
   */
  read(): Content | undefined
  /** What is wrong with the file now; undefined if nothing is. */
  findProblem(): string | undefined
}

/**
 * The file that a setting names, 5 MB at most. `findConflicts` names what is wrong with a content
 * that fits the schema. No message quotes a value, because the file may hold secrets.
 */
export function settingsFile<Schema extends z.ZodType>(
  setting: FileSetting,
  schema: Schema,
  findConflicts: (content: z.output<Schema>) => string[],
): SettingsFile<z.output<Schema>> {
  const state = processState(setting, (): { kept: Kept<z.output<Schema>> } => ({ kept: {} }))

  const read = () => {
    const path = env()[setting]
    if (!path) return undefined
    if (state().kept.path !== path) state().kept = { path }
    const { kept } = state()
    try {
      const { mtimeMs: changed, size } = statSync(path)
      if (kept.changed !== changed) {
        kept.changed = changed
        if (size > MAX_BYTES) throw new SettingsError(`${setting} has more than 5 MB.`)
        kept.content = parse(readFileSync(path, 'utf8'))
        kept.problem = undefined
      }
    } catch (error) {
      noteProblem(kept, toProblem(error))
    }
    if (kept.content === undefined && kept.problem) throw kept.problem
    return kept.content
  }

  function noteProblem(kept: Kept<unknown>, problem: SettingsError): void {
    if (kept.content !== undefined && kept.problem?.message !== problem.message)
      log.error({ problem: problem.message }, `${setting} cannot be used; what it said before still holds`)
    kept.problem = problem
  }

  function toProblem(error: unknown): SettingsError {
    if (error instanceof SettingsError) return error
    // It may be there again under the same time.
    state().kept.changed = undefined
    return new SettingsError(`${setting} cannot be read: ${(error as { code?: string }).code ?? 'unknown error'}.`)
  }

  function parse(text: string): z.output<Schema> {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      // The parser's message quotes the file.
      throw new SettingsError(`${setting} is not JSON.`)
    }
    const parsed = schema.safeParse(json)
    const problems = parsed.success
      ? findConflicts(parsed.data)
      : parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`)
    if (!parsed.success || problems.length > 0)
      throw new SettingsError(
        problems
          .slice(0, LINES_MAX)
          .map((problem) => `${setting}: ${problem}.`)
          .join('\n'),
      )
    return parsed.data
  }

  return {
    read,
    findProblem: () => {
      try {
        read()
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error
      }
      return state().kept.problem?.message
    },
  }
}

/** The entries that a list has twice, each once. */
export function listTwice(entries: string[]): string[] {
  return [...new Set(entries.filter((entry, index) => entries.indexOf(entry) !== index))]
}
