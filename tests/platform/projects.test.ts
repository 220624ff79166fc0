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

/** Where the arguments of each call of `name` end, and how many there are; quotes and brackets are passed over. */
function countArguments(source: string, name: string): { line: number; count: number }[] {
  return [...source.matchAll(new RegExp(`${name.replace('.', '\\.')}\\(`, 'g'))].map(({ index, 0: { length } }) => {
    const rest = source.slice(index + length).replaceAll(/'[^'\n]*'|"[^"\n]*"|`[^`]*`/g, '')
    let depth = 1
    let end = 0
    const commas: number[] = []
    for (; depth > 0 && end < rest.length; end += 1) {
      if (/[([{]/.test(rest[end] ?? '')) depth += 1
      else if (/[)\]}]/.test(rest[end] ?? '')) depth -= 1
      else if (rest[end] === ',' && depth === 1) commas.push(end)
    }
    const real = commas.filter((comma) => rest.slice(comma + 1, end - 1).trim() !== '')
    return { line: source.slice(0, index).split('\n').length, count: real.length + 1 }
  })
}

test('a wait has the patience of a busy machine: vi.waitFor alone would give up after a second', () => {
  const impatient = globSync('tests/**/*.ts').flatMap((file) => {
    const source = readFileSync(file, 'utf8')
    const short = [...source.matchAll(/(?:waitFor|poll)\([^\n]*(?:timeout: |, )(\d[\d_]*)(?: }|\))/g)]
      .filter(([, ms = '']) => Number(ms.replaceAll('_', '')) < 10_000)
      .map(([call]) => `${file}: ${call}`)
    const without = countArguments(source, 'vi.waitFor').filter(({ count }) => count < 2)
    return [...short, ...without.map(({ line }) => `${file}:${line}: no timeout`)]
  })
  expect(impatient).toEqual([])
})
