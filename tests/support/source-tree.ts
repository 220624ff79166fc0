import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

/** A node of a TypeScript syntax tree (ESTree). `parent` is set while a tree is walked. */
export type SyntaxNode = { type: string; start: number; parent?: SyntaxNode; [property: string]: unknown }

/** The syntax tree of a file of TypeScript, with JSX if its name says so. */
export function parseSource(file: string, source = readFileSync(file, 'utf8')): SyntaxNode {
  const { program, errors } = parseSync(file, source, { lang: file.endsWith('x') ? 'tsx' : 'ts' })
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  return program as unknown as SyntaxNode
}

/** Calls `visit` for each node below, parents first. */
export function walkSource(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node)
  for (const [name, value] of Object.entries(node)) {
    if (name === 'parent') continue
    for (const child of Array.isArray(value) ? value : [value])
      if (child && typeof child === 'object' && typeof (child as SyntaxNode).type === 'string') {
        ;(child as SyntaxNode).parent = node
        walkSource(child as SyntaxNode, visit)
      }
  }
}

/** The text of a string or of a template without values; undefined for other nodes. */
export function literalText(node: unknown): string | undefined {
  const { type, value, quasis, expressions } = (node ?? {}) as SyntaxNode & Record<string, unknown[]>
  if (type === 'Literal' && typeof value === 'string') return value
  if (type !== 'TemplateLiteral' || expressions?.length) return undefined
  return (quasis?.[0] as { value: { cooked: string } } | undefined)?.value.cooked
}

/** The files that a file imports at run time, of those that are given. */
function importsOf(file: string, source: string, files: ReadonlySet<string>): string[] {
  return [...source.matchAll(/^(?:import|export) (?!type\b)(?:[^'";]*?\sfrom\s+)?'([#.][^']+)'/gm)]
    .map(([, name = '']) => (name.startsWith('#') ? name.slice(1) : path.join(path.dirname(file), name)))
    .filter((target) => files.has(target))
}

/** The files of the app with their sources, and what each of them loads. */
export class AppSources {
  readonly sources: ReadonlyMap<string, string>
  readonly #imports = new Map<string, string[]>()

  constructor() {
    this.sources = new Map(globSync('app/**/*.{ts,tsx}').map((file) => [file, readFileSync(file, 'utf8')]))
    const files = new Set(this.sources.keys())
    for (const [file, source] of this.sources) this.#imports.set(file, importsOf(file, source, files))
  }

  /** These files and all that they import, directly or not. Server actions are no part of a browser's. */
  reach(from: string[], { inBrowser = false } = {}): Set<string> {
    const reached = new Set(from)
    for (const file of reached)
      for (const target of this.#imports.get(file) ?? [])
        if (!inBrowser || !/^\s*['"]use server['"]/.test(this.sources.get(target) ?? '')) reached.add(target)
    return reached
  }

  /** The files that run in a browser. */
  listClientFiles(from: Iterable<string> = this.sources.keys()): Set<string> {
    const marked = [...from].filter((file) => /^\s*['"]use client['"]/.test(this.sources.get(file) ?? ''))
    return this.reach(marked, { inBrowser: true })
  }
}
