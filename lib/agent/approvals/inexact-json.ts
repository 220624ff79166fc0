type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

/**
 * What would change in a JSON text when it is parsed, as the end of a sentence: a key that an
 * object has twice, or a number that JavaScript cannot hold (`-0`, `1e400`, an integer that is
 * rounded). Undefined if nothing would change, or if the text is not JSON. Fractions count as
 * exact, because every parser rounds them to the nearest number.
 */
export function findInexactPart(text: string): string | undefined {
  let members = -1
  let inexact: string | undefined
  const look: Reviver = function (_key, value, { source }) {
    if (!Array.isArray(this)) members += 1
    if (typeof value === 'number' && source && !isExact(source, value))
      inexact ??= `the number ${source.slice(0, 40)} would be sent as ${JSON.stringify(value)}`
    return value
  }
  try {
    JSON.parse(text, look as Parameters<typeof JSON.parse>[1])
  } catch {
    return undefined
  }
  if (inexact) return inexact
  const written = text.replace(/"(?:[^"\\]+|\\.)*"/gs, '').split(':').length - 1
  return written > members ? 'an object has the same key twice' : undefined
}

function isExact(source: string, value: number): boolean {
  if (!Number.isFinite(value) || Object.is(value, -0)) return false
  if (value === 0) return !/[1-9]/.test(source.replace(/e.*$/i, ''))
  return !/^-?\d+$/.test(source) || BigInt(source) === BigInt(value)
}
