type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

/**
 * What of a JSON text becomes something else when it is read, as the end of a sentence: a key that its object has twice, or a number that
 * JavaScript cannot hold (`-0`, `1e400`, an integer that is rounded). Undefined if nothing does, or if the text is no JSON.
 * A fraction is the nearest number that there is, here as anywhere.
 */
export function inexactPart(text: string): string | undefined {
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
