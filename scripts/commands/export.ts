import { once } from 'node:events'
import { recordAudit } from '#lib/data/audit.ts'
import { exportData } from '#lib/data/people/export-data.ts'
import { findAccountByEmail } from '#lib/data/people/users.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { type Command, toTyped } from '#scripts/commands/command.ts'

export const exportAccount: Command = {
  usage: 'ann@example.com > ann.json',
  help: `Writes everything that an account owns to standard output, as one JSON document.
It is what the person downloads under Settings: no secrets, and files without their bytes. The audit log says that an operator did it.`,
  async run([email, ...more]) {
    if (!email || more.length > 0)
      throw new Error(`Name the address of the account. For example: ${toTyped('export')} ann@example.com > ann.json`)
    try {
      const account = await findAccountByEmail(email.trim().toLowerCase())
      if (!account) throw new Error(`No account has the address ${email}.`)
      await recordAudit({ action: 'data_exported', subject: account.id, detail: { way: 'operator' } })
      for await (const piece of exportData({ userId: account.id }))
        if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
      process.stdout.write('\n')
    } finally {
      await closeDb()
    }
  },
}
