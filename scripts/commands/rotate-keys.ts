import { rotateSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import type { Command } from '#scripts/commands/command.ts'

export const rotateKeys: Command = {
  usage: '',
  help: `Adds a signing key to the authorization server of /mcp.
The new key signs from two minutes on, on every replica. Tokens that were signed before stay valid.`,
  async run() {
    try {
      const { added, dropped } = await rotateSigningKeys()
      console.log(`Key ${added} signs from two minutes on; the ones before it stay published for a day.`)
      for (const id of dropped) console.log(`Key ${id} was replaced long ago and is gone.`)
    } finally {
      await closeDb()
    }
  },
}
