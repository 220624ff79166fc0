// npm run rotate-keys: adds a signing key to the authorization server. Needs the settings that the
// server runs with.
import { rotateSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { closeDb } from '#lib/platform/db/db.ts'

try {
  const { added, dropped } = await rotateSigningKeys()
  console.log(`Key ${added} signs from two minutes on; the ones before it stay published for a day.`)
  for (const id of dropped) console.log(`Key ${id} was replaced long ago and is gone.`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  await closeDb()
}
