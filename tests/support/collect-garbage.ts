import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Collects what nothing refers to any more, as a process short of memory would. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    // What a promise that has just settled still holds is free only a moment later.
    await setTimeout(10)
    collect()
  }
}
