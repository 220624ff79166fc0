const MICROS = 1_000_000n

/**
 * An amount in millionths of a dollar for people: "$1,204.50"; "$0.0042" below a cent, because one
 * answer costs so little. Exact up to the last digit that is shown, which is rounded.
 */
export function toMoneyText(micros: bigint, locale = 'en'): string {
  const digits = micros === 0n || micros >= 10_000n ? 2 : micros >= 100n ? 4 : 6
  return new Intl.NumberFormat(locale, {
    ...{ style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' },
    ...{ minimumFractionDigits: digits, maximumFractionDigits: digits },
    // Intl reads a text exactly, whatever its length.
  }).format(toDecimalText(micros) as Intl.StringNumericLiteral)
}

/** The same as a plain number of dollars with all six digits, for files: "0.004200". */
export function toDecimalText(micros: bigint): string {
  return `${micros / MICROS}.${(micros % MICROS).toString().padStart(6, '0')}`
}
