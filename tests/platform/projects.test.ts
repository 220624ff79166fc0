import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

// What a test file needs is in its name, so that each project is a glob (vitest.config.ts). The name has to agree with
// the support files that it reaches through its imports; the first that matches counts.
const NEEDS = {
  browser: 'tests/support/browser/browser.ts',
  built: 'tests/support/processes/build.ts',
}
const IMPORT = /(?:from|import)\s*\(?\s*['"](#tests\/|\.{1,2}\/)([^'"]+)['"]/g

/** Every file below tests/ that `file` imports, itself or through others. */
function reachFrom(file: string, reached = new Set<string>()): Set<string> {
  reached.add(file)
  for (const [, start = '', rest = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const target = start === '#tests/' ? `tests/${rest}` : path.join(path.dirname(file), start, rest)
    if (target.startsWith('tests/') && !reached.has(target) && existsSync(target)) reachFrom(target, reached)
  }
  return reached
}

test('the name of a test file says what it needs: a browser, the build, time, or nothing', () => {
  const files = globSync('tests/**/*.test.ts')
  const wrong = files.flatMap((file) => {
    const named = /\.(\w+)\.test\.ts$/.exec(file)?.[1]
    const reached = reachFrom(file)
    const needed = Object.entries(NEEDS).find(([, support]) => reached.has(support))?.[0]
    if (needed ? named === needed : named === undefined || named === 'slow') return []
    return `${file} needs ${needed ?? 'no browser and no build'}: call it .${needed ? `${needed}.` : ''}test.ts`
  })
  expect(wrong).toEqual([])
})

test('only the support files open a browser or make the build', () => {
  const users = (pattern: RegExp) =>
    globSync('tests/**/*.ts').filter((file) => pattern.test(readFileSync(file, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')))
  expect(users(/\bchromium\s*\.launch\(/).filter((file) => !file.includes('projects.test'))).toEqual([NEEDS.browser])
  expect(users(/\['scripts\/build\.ts'/).filter((file) => !file.includes('projects.test'))).toEqual([NEEDS.built])
})
