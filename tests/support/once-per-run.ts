import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deserialize, serialize } from 'node:v8'
import { inject } from 'vitest'

/**
 * What `make` returns, made by the first test file of the run that asks for it and read by the
 * others, which wait for it. For what costs seconds and is the same for all. The structured clone
 * algorithm must know it.
 */
export async function oncePerRun<T>(name: string, make: () => Promise<T>): Promise<T> {
  const file = path.join(inject('runFolder'), name)
  const read = async (): Promise<{ made: T } | null> =>
    readFile(file).then(
      (bytes) => ({ made: deserialize(bytes) as T }),
      () => null,
    )
  for (;;) {
    const found = await read()
    if (found) return found.made
    // Only one process can make a folder. If it fails, the next one tries.
    const isMaker = await mkdir(`${file}.making`).then(
      () => true,
      () => false,
    )
    if (!isMaker) await sleep(50)
    else {
      try {
        const missed = await read()
        if (missed) return missed.made
        const made = await make()
        await writeFile(`${file}.draft`, serialize(made))
        await rename(`${file}.draft`, file)
        return made
      } finally {
        await rm(`${file}.making`, { recursive: true })
      }
    }
  }
}
