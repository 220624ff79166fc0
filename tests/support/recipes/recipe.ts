import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** One block of a recipe: a new file, a change of one, SQL for the end of one, or commands. */
export type Block = { language: string; file: string; text: string }
export type Recipe = { title: string; blocks: Block[] }

/** The recipes of a document: its second-level headings with their blocks. */
export function readRecipes(markdown: string): Recipe[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')),
      blocks: [...section.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
        ([, language = '', file = '', text = '']) => ({ language, file, text }),
      ),
    }))
}

/** Follows one block in `folder`. Throws what does not fit, or what a command printed before it failed. */
export async function follow({ language, file, text }: Block, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (language === 'sh') {
    for (const line of text.trim().split('\n')) await runCommand(line, folder, env)
    return
  }
  const target = path.join(folder, file)
  if (language === 'diff') {
    await writeFile(target, applyDiff(await readFile(target, 'utf8'), text, file))
  } else if (file.includes('*')) {
    const [found, ...more] = globSync(file, { cwd: folder })
    if (!found || more.length > 0) throw new Error(`${file} names ${found ? 'several files' : 'no file'}`)
    await writeFile(path.join(folder, found), `${await readFile(path.join(folder, found), 'utf8')}\n${text}`)
  } else {
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, text, { flag: 'wx' })
  }
}

/** Replaces the lines that begin with a space or a minus by those with a space or a plus. They must be there once. */
export function applyDiff(content: string, diff: string, file: string): string {
  const side = (marks: string) =>
    diff
      .trimEnd()
      .split('\n')
      .flatMap((line) => (line === '' || marks.includes(line[0] ?? '') ? line.slice(1) : []))
  const [before, after] = [side(' -'), side(' +')]
  const lines = content.split('\n')
  const places = lines.flatMap((_, at) => (before.every((line, n) => lines[at + n] === line) ? at : []))
  const [at] = places
  if (at === undefined || places.length > 1)
    throw new Error(`${file} has these lines ${places.length} times:\n${before.join('\n')}`)
  return lines.toSpliced(at, before.length, ...after).join('\n')
}

const TSC = 'node_modules/typescript/bin/tsc'

/** What the npm scripts of recipes run, without writing into the shared node_modules. */
function toArgs(command: string): string[] {
  const [npm, verb, ...rest] = command.split(' ')
  if (npm !== 'npm') throw new Error(`a recipe runs npm, not ${command}`)
  if (verb === 'test') return ['node_modules/vitest/vitest.mjs', 'run', ...rest.slice(1)]
  const [script, , ...args] = rest
  if (script === 'typecheck') return [TSC, '-p', '.', '--tsBuildInfoFile', '.tsbuildinfo']
  if (script === 'generate') return ['scripts/generate.ts']
  if (script === 'migration') return ['scripts/new-migration.ts', ...args]
  throw new Error(`no recipe has run ${command} before: say here what it does`)
}

async function runCommand(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, toArgs(command), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed += chunk
    })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${printed.slice(-6_000)}`)
}
