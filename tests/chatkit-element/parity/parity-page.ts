import { MountedElement, noteRequests, until } from '#tests/support/element/mounted-element.ts'
import type { Made, Options, Row } from './row.ts'
import { ROWS } from './rows.ts'

// Runs in the page, and sees there what each row describes.

type Seen = { without: unknown; with: unknown; isUsed: boolean }
type Value = string | number

function make(made: Made | undefined, notes: unknown[]): Options {
  return typeof made === 'function' ? made((seen) => void notes.push(seen)) : (made ?? {})
}

/** Uses an element as a row says. Returns what is seen once that is `expected`, or at the end. */
async function see(row: Row, isWith: boolean, expected?: unknown): Promise<unknown> {
  const notes: unknown[] = []
  using it = new MountedElement(notes)
  await it.open({ ...make(row.base, notes), ...(isWith && make(row.use, notes)) })
  await row.before?.(it)
  if (isWith) await row.call?.(it)
  await row.after?.(it)
  if (expected !== undefined) await until(() => isSame(row.see(it), expected))
  return row.see(it)
}

/** What is seen without an option, method or event, and with it. */
async function seeBoth(name: string): Promise<Seen> {
  const row = ROWS[name] as Row
  return {
    without: await see(row, false, row.without),
    with: await see(row, true, row.with),
    isUsed: name.startsWith('chatkit.') || row.use === undefined || isIn(make(row.use, []), name),
  }
}

/** What is seen of each value. */
async function seeValues(name: string, values: readonly Value[]): Promise<unknown[]> {
  const { values: how, ...row } = ROWS[name] as Row
  const seeOne = (value: Value) => {
    const use = how?.use?.(value as never) ?? row.use
    const call = how?.call?.(value as never) ?? row.call
    return see({ ...row, ...(use && { use }), ...(call && { call }), see: how?.see ?? row.see }, true)
  }
  if (how?.sideBySide) return Promise.all(values.map(seeOne))
  const seen: unknown[] = []
  for (const value of values) seen.push(await seeOne(value))
  return seen
}

/** True if options have what a name says: `a.b[].c`, up to the first function. */
function isIn(options: unknown, name: string): boolean {
  const [path = ''] = name.split('(')
  return path
    .replaceAll('[]', '.[]')
    .split('.')
    .reduce<unknown[]>((all, field) => all.flatMap((of) => inside(of, field)), [options])
    .some((found) => found !== undefined)
}

function inside(of: unknown, field: string): unknown[] {
  if (field === '[]') return Array.isArray(of) ? of : []
  return of && typeof of === 'object' ? [(of as Record<string, unknown>)[field]] : []
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

noteRequests()
Object.assign(window, { parity: { seeBoth, seeValues } })
// The test waits for an element that is ready.
void new MountedElement().open({})
