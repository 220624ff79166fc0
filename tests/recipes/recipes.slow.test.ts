import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { applyDiff, follow, readRecipes } from '#tests/support/recipes/recipe.ts'

// docs/recipes.md, followed to the letter in one copy of the project, one recipe after the other. A recipe that no longer
// fits the code fails here.

const ROOT = path.resolve(import.meta.dirname, '../..')
const recipes = readRecipes(readFileSync(path.join(ROOT, 'docs/recipes.md'), 'utf8'))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-recipes-'))
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 10_000_000,
  })
  for (const file of [
    ...listed.split('\0').filter((name) => name && existsSync(path.join(ROOT, name))),
    'lib/generated',
  ]) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true })
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const { PATH = '', HOME = '' } = process.env
const env = () => ({ PATH, HOME, TZ: 'UTC', TEST_DATABASE_URL: inject('adminUrl'), NODE_ENV: 'test' as const })

test.each(recipes)('$title', { timeout: 120_000 }, async ({ blocks }) => {
  expect(blocks.length).toBeGreaterThan(2)
  expect(blocks.at(-1)?.language, 'a recipe ends with its checks').toBe('sh')
  for (const block of blocks.slice(0, -1)) await follow(block, folder, env())
})

// The copy has all of them by now, so what several recipes check is checked once.
test('what the recipes check passes', { timeout: 300_000 }, async () => {
  const lines = new Set(recipes.flatMap(({ blocks }) => blocks.at(-1)?.text.trim().split('\n') ?? []))
  const files = [...lines].filter((line) => /^npm test -- (?!.* -t )/.test(line))
  const together = [...new Set(files.flatMap((line) => line.split(' ').slice(3)))]
  const commands = [...[...lines].filter((line) => !files.includes(line)), `npm test -- ${together.join(' ')}`]
  expect(commands.toSorted()).toEqual([
    expect.stringMatching(/^npm run typecheck$/),
    expect.stringMatching(/^npm test -- tests\/data\/tenancy/),
    expect.stringMatching(/^npm test -- tests\/models/),
  ])
  await follow({ language: 'sh', file: '', text: commands.join('\n') }, folder, env())
})

test('a change whose lines are not in the file, or are there twice, is refused', () => {
  const diff = ' two\n+three\n'
  expect(applyDiff('one\ntwo\nfour\n', diff, 'a')).toBe('one\ntwo\nthree\nfour\n')
  expect(applyDiff('two\n', '-two\n+2\n', 'a')).toBe('2\n')
  expect(() => applyDiff('one\n', diff, 'a')).toThrow('a has these lines 0 times:\ntwo')
  expect(() => applyDiff('two\ntwo\n', diff, 'a')).toThrow('a has these lines 2 times')
})
