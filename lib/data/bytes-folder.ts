import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { AttachmentBytes } from '#lib/data/attachment-bytes.ts'
import { newId } from '#lib/ids.ts'

const KEY = /^[a-z]+_[0-9a-z]+\/[a-z]+_[0-9a-z]+$/

/** Bytes in a folder that only this process's user can read, one file each. */
export function folderBytes(folder: string): AttachmentBytes {
  const root = path.resolve(folder)
  const fileOf = (key: string) => {
    // Keys are made of our own ids; nothing else may become a path.
    if (!KEY.test(key)) throw new Error('not a key of an attachment')
    return path.join(root, key)
  }
  return {
    async write(key, bytes) {
      const file = fileOf(key)
      const unfinished = `${file}.${newId('tmp')}`
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      try {
        await writeFile(unfinished, bytes, { mode: 0o600, flush: true })
        await rename(unfinished, file)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
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
