import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ByteStore } from '#lib/data/attachments/byte-store.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

const KEY = /^[a-z]+_[0-9a-z]+\/[a-z]+_[0-9a-z]+$/

/**
 * Stores bytes in a folder that only this process's user can read, one file per attachment. Writing
 * throws unavailable if the folder cannot be written.
 */
export function openFolderBytes(folder: string): ByteStore {
  const root = path.resolve(folder)
  const fileOf = (key: string) => {
    // Keys consist of our own ids; nothing else may become a path.
    if (!KEY.test(key)) throw new Error('not a key of an attachment')
    return path.join(root, key)
  }
  return {
    async write(key, bytes) {
      const file = fileOf(key)
      const unfinished = `${file}.${newId('tmp')}`
      try {
        await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
        await writeFile(unfinished, bytes, { mode: 0o600, flush: true })
        await rename(unfinished, file)
      } catch (cause) {
        await rm(unfinished, { force: true }).catch(() => undefined)
        // The disk is full, or the folder is not writable.
        throw new AppError(
          'unavailable',
          'The file cannot be kept just now. If it stays so, tell your administrator.',
          { cause },
        )
      }
    },
    async read(key) {
      try {
        return await readFile(fileOf(key))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    delete: (key) => rm(fileOf(key), { force: true }),
  }
}
