import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { listStoredFiles, readBackupContents } from '#lib/data/backup-contents.ts'
import { listSigningKeys } from '#lib/data/oauth/stored-keys.ts'
import { unseal } from '#lib/platform/crypto/seal.ts'
import { closeDb } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import type { Command } from '#scripts/commands/command.ts'
import { requireMigrated } from '#scripts/migrate.ts'

const NAMED_MAX = 5

export const backupCheck: Command = {
  usage: '',
  help: `Examines a restored copy: its tables, its secrets and its files.
Set DATABASE_URL, APP_SECRET and ATTACHMENTS_DIR (or S3_*) to the copy. Nothing is changed. Exits with 1 if something is missing.`,
  async run() {
    try {
      await requireMigrated(env().DATABASE_URL)
      console.log('✓ The tables are those of this version.')
      const { people, threads, items, calls, newest } = await readBackupContents()
      console.log(
        `✓ ${people} people, ${threads} conversations with ${items} items, ${calls} tool calls. Newest message: ${newest?.toISOString() ?? 'none'}.`,
      )
      const problems = [...(await checkSecret()), ...(await checkFiles())]
      if (problems.length > 0) throw new Error(problems.map((problem) => `✗ ${problem}`).join('\n'))
    } finally {
      await closeDb()
    }
  },
}

async function checkSecret(): Promise<string[]> {
  const keys = await listSigningKeys()
  const opened = await Promise.all(keys.map(({ sealed }) => unseal(sealed, 'signing keys')))
  if (keys.length > 0 && opened.every((text) => text === null))
    return [
      'APP_SECRET is another than that of the backup: accounts at tool servers, keys and paused answers cannot be read.',
    ]
  console.log(
    keys.length > 0
      ? '✓ APP_SECRET opens what is sealed.'
      : '- Nothing is sealed yet, so APP_SECRET could not be checked.',
  )
  return []
}

async function checkFiles(): Promise<string[]> {
  if (env().ATTACHMENTS === 'off') return []
  const store = openByteStore()
  const missing: string[] = []
  let [count, lost] = [0, 0]
  for await (const { id, ownerId, size } of listStoredFiles()) {
    count += 1
    const key = toBytesKey(ownerId, id)
    const bytes = await store.read(key)
    if (bytes?.byteLength === size) continue
    lost += 1
    if (missing.length < NAMED_MAX)
      missing.push(`${key} (${bytes ? `${bytes.byteLength} of ${size} bytes` : 'not there'})`)
  }
  if (lost > 0) return [`${lost} of ${count} files are missing or damaged, for example ${missing.join(', ')}.`]
  console.log(`✓ All ${count} files are there.`)
  return []
}
