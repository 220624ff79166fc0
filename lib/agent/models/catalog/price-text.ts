const MICROS = 1_000_000
const PRICE = /^(\d{1,6})(?:\.(\d{1,6}))?$/

/**
 * A price in dollars, such as "2" or "0.05", as millionths of a dollar, exactly. Undefined for other
 * text, and for more than six places.
 */
export function toMicros(text: string): number | undefined {
  const [, whole, rest = ''] = PRICE.exec(text.trim()) ?? []
  return whole === undefined ? undefined : Number(whole) * MICROS + Number(rest.padEnd(6, '0'))
}

/** Millionths of a dollar as dollars, with at least two places: 50_000 is "0.05". */
export function toDollars(micros: number): string {
  const rest = String(micros % MICROS).padStart(6, '0')
  return `${Math.floor(micros / MICROS)}.${rest.slice(0, 2)}${rest.slice(2).replace(/0+$/, '')}`
}
