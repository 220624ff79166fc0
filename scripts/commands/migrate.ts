import { readSecretFiles } from '#lib/platform/secret-files.ts'
import { Settings } from '#lib/platform/settings.ts'
import type { Command } from '#scripts/commands/command.ts'
import { migrate } from '#scripts/migrate.ts'
import { waitForDatabase } from '#scripts/postgres/wait-for-database.ts'

/** For deployments that migrate before they start. */
export const migrateDatabase: Command = {
  usage: '',
  help: `Applies the missing migrations, and exits.
Needs DATABASE_URL (the role of the application) and DATABASE_DIRECT_URL (the owner of the tables).`,
  async run() {
    const { values, problems } = readSecretFiles(process.env)
    for (const [name, problem] of problems) throw new Error(`${name} ${problem}.`)
    const { DATABASE_URL, DATABASE_DIRECT_URL } = values
    if (!DATABASE_URL || !DATABASE_DIRECT_URL)
      throw new Error(
        'DATABASE_URL (the role of the application) and DATABASE_DIRECT_URL (the owner of the tables) must both be set to migrate.',
      )
    const ms = Settings.shape.DATABASE_WAIT.parse(values.DATABASE_WAIT || undefined) * 1000
    await waitForDatabase({ url: DATABASE_DIRECT_URL, ms, say: console.log })
    await migrate({ ownerUrl: DATABASE_DIRECT_URL, appUrl: DATABASE_URL, say: console.log })
  },
}
