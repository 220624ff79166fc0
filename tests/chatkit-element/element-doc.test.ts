import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const types = readFileSync('node_modules/@openai/chatkit/types/index.d.ts', 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
const doc = readFileSync('docs/chatkit-element.md', 'utf8')

/** The words in code on the page: `entities.onClick` gives `entities` and `onClick`. */
const told = new Set([...doc.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => [code, ...code.split(/[.\s]/)]))

/** The fields of a type, including those of its inner types. */
function fieldsOf(name: string): string[] {
  const body = new RegExp(`export type ${name} = \\{\\n([\\s\\S]*?)\\n\\};`).exec(types)?.[1] ?? ''
  return [...body.matchAll(/^\s+(\w+)\??:/gm)].map(([, field = '']) => field)
}

const OPTION_TYPES = [
  ...types.matchAll(
    /export type ((?:\w+Option|\w+Options|\w+ApiConfig|Command|FontObject|SurfaceColors|AccentColor|GrayscaleOptions|StartScreenPrompt)) = \{/g,
  ),
].map(([, name = '']) => name)

test('docs/chatkit-element.md names every option, method and event of the public types', () => {
  const options = OPTION_TYPES.flatMap(fieldsOf)
  const methods = [
    ...(/export interface OpenAIChatKit[\s\S]*?\n\}/.exec(types)?.[0] ?? '').matchAll(/^ {2}(\w+)\(/gm),
  ].map(([, name = '']) => name)
  const events = [...types.matchAll(/'(chatkit\.[a-z.]+)':/g)].map(([, name = '']) => name)
  expect(Math.min(options.length - 60, methods.length - 8, events.length - 12), 'the types were read').toBeGreaterThan(
    0,
  )
  expect([...options, ...methods, ...events].filter((name) => !told.has(name))).toEqual([])
})
