import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'

const DIST = '.next-soak-builds'

afterEach(() => rm(path.resolve(DIST), { recursive: true, force: true }))

test('of builds that are started together one builds, and the others wait for it', async () => {
  process.env.NEXT_DIST_DIR = DIST
  const { buildIfStale } = await import('#tests/support/processes/build.ts')
  const builds = [buildIfStale(), buildIfStale(), buildIfStale()]
  await expect(Promise.all(builds)).resolves.toHaveLength(3)
})
