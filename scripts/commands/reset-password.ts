import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { resetPasswordByOperator } from '#lib/auth/sign-in/reset-password-by-operator.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { ROOT } from '#scripts/build-freshness.ts'
import { type Command, setUnlessGiven, toTyped } from '#scripts/commands/command.ts'
import { loadLocalSecrets } from '#scripts/local/local-secrets.ts'
import {
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  startEmbeddedPostgres,
  toEmbeddedAppUrl,
} from '#scripts/postgres/embedded-postgres.ts'
import { LockedError } from '#scripts/postgres/folder-lock.ts'

const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

let started: EmbeddedPostgres | undefined

export const resetPassword: Command = {
  usage: 'ann@example.com',
  help: `Gives an account a new password, prints it once, and ends the account's sessions.
For servers that send no mail. Works whether or not the server is running.`,
  async run(args) {
    try {
      const { values, positionals } = parseArgs({
        args,
        options: { data: { type: 'string' } },
        allowPositionals: true,
      })
      const [email] = positionals
      if (!email || positionals.length > 1)
        throw new Error(`Name the address of the account. For example: ${toTyped('reset-password')} ann@example.com`)
      await reachDatabase(path.resolve(ROOT, values.data ?? '.data'))
      const password = Array.from({ length: 4 }, () =>
        Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
      ).join('-')
      await resetPasswordByOperator(email, password)
      console.log(
        `The new password of ${email} is ${password}\nSign in with it and change it under Settings. Every session of this account has ended.`,
      )
    } finally {
      await closeDb()
      await started?.stop()
    }
  },
}

/**
 * Sets what lib/platform/env.ts needs: the operator's own DATABASE_URL, else the embedded database,
 * which is started here unless a server already runs it.
 */
async function reachDatabase(folder: string): Promise<void> {
  const { env } = process
  setUnlessGiven('APP_URL', 'http://127.0.0.1:3000')
  if (env.DATABASE_URL || env.DATABASE_URL_FILE) {
    // Nothing is sealed or signed here, so any secret works.
    setUnlessGiven('APP_SECRET', 'a password is reset without this secret')
    return
  }
  const { app, appSecret } = await existingSecrets(folder)
  setUnlessGiven('APP_SECRET', appSecret)
  try {
    started = await startEmbeddedPostgres(folder)
    env.DATABASE_URL = started.appUrl
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError && error.cause instanceof LockedError)) throw error
    env.DATABASE_URL = toEmbeddedAppUrl(Number(await readFile(path.join(folder, 'postgres.port'), 'utf8')), app)
  }
}

async function existingSecrets(folder: string) {
  await readFile(path.join(folder, 'secrets.json')).catch((cause) => {
    throw new Error(
      `There is no database in ${folder}. Start Switchboard once with "npm run up", or set DATABASE_URL.`,
      { cause },
    )
  })
  return loadLocalSecrets(folder)
}
