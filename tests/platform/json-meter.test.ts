import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventMeter, JsonMeter } from '#lib/platform/json/json-meter.ts'

const NONE = { values: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY, escapes: Number.POSITIVE_INFINITY }

function sizeOf(value: unknown): { values: number; depth: number } {
  if (value === null || typeof value !== 'object') return { values: 1, depth: 0 }
  const inner = Object.values(value).map(sizeOf)
  return {
    values: Math.max(1, inner.length) + inner.reduce((sum, { values }) => sum + values - 1, 1),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
  }
}

/** The text in pieces of the given length, as a socket may deliver it. */
function pieces(text: string, length: number): Uint8Array[] {
  const bytes = Buffer.from(text)
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
    bytes.subarray(at * length, (at + 1) * length),
  )
}

test('the meter counts values and depth of any JSON in pieces of any length, and ignores the content of strings', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ stringUnit: fc.constantFrom('"', '\\', '[', '{', ',', 'a', 'é', '\n') }),
      fc.integer({ min: 1, max: 9 }),
      (value, length) => {
        const { values, depth } = sizeOf(value)
        const excess = (limits: object) => {
          const meter = new JsonMeter({ ...NONE, ...limits })
          return pieces(JSON.stringify(value), length)
            .map((piece) => meter.feed(piece))
            .find(Boolean)
        }
        expect(excess({ values, depth })).toBeUndefined()
        if (values > 1) expect(excess({ values: values - 1 })).toBe('values')
        if (depth > 0) expect(excess({ depth: depth - 1 })).toBe('depth')
      },
    ),
  )
})

test('escapes are counted, since each costs as much as a value', () => {
  const text = JSON.stringify('"\\\n'.repeat(100))
  expect(new JsonMeter({ ...NONE, escapes: 300 }).feed(Buffer.from(text))).toBeUndefined()
  expect(new JsonMeter({ ...NONE, escapes: 299 }).feed(Buffer.from(text))).toBe('escapes')
})

test('each event of a stream is counted separately, however it is cut', () => {
  const event = `id: 1\r\ndata: ${JSON.stringify(['a"b', [1, 2]])}\r\n\r\n`
  for (const length of [1, 2, 3, 7, 1_000]) {
    const fits = new EventMeter({ ...NONE, values: 6 }, event.length)
    for (const piece of pieces(event.repeat(50), length)) expect(fits.feed(piece)).toBeUndefined()
    const many = new EventMeter({ ...NONE, values: 4 }, event.length)
    expect(
      pieces(event, length)
        .map((piece) => many.feed(piece))
        .find(Boolean),
    ).toBe('values')
    const long = new EventMeter(NONE, 10)
    expect(
      pieces(event, length)
        .map((piece) => long.feed(piece))
        .find(Boolean),
    ).toBe('bytes')
  }
  // An event that ends inside a string does not affect the next one.
  const broken = new EventMeter({ ...NONE, values: 3 }, 1_000)
  expect(broken.feed(Buffer.from('data: {"a":"\n\ndata: [1,2\n\n'))).toBeUndefined()
  expect(broken.feed(Buffer.from('data: [1,2,3,4]\n\n'))).toBe('values')
})
