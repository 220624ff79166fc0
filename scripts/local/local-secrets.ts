import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'

export type LocalSecrets = {
  /** The passwords of the embedded database's three roles. */
  superuser: string
  owner: string
  app: string
  /** APP_SECRET of the embedded start. */
  appSecret: string
}

/**
 * The secrets of the embedded start. Created once and stored in `folder`/secrets.json, which only
 * its owner can read (0600).
 */
export async function loadLocalSecrets(folder: string): Promise<LocalSecrets> {
  const file = path.join(folder, 'secrets.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LocalSecrets
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Error(`${file} is damaged: restore it from a backup, or delete ${folder} to start anew.`)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const secret = () => randomBytes(32).toString('base64url')
  const secrets = { superuser: secret(), owner: secret(), app: secret(), appSecret: secret() }
  await writeWhole(file, `${JSON.stringify(secrets, null, 2)}\n`)
  return secrets
}

// Writes a temporary file and renames it: a crash leaves the old file or the new one, never half of
// one.
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = await open(`${file}.new`, 'w', 0o600)
  try {
    await draft.chmod(0o600)
    await draft.writeFile(text)
    await draft.sync()
  } finally {
    await draft.close()
  }
  await rename(`${file}.new`, file)
}
