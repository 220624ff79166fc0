const MICROS = 1_000_000n

/**
 * An amount in millionths of a dollar for people: "$1,204.50"; "$0.0042" below a cent, because one
 * answer costs so little. Exact up to the last digit that is shown, which is rounded.
 */
export function toMoneyText(micros: bigint): string {
  const digits = micros === 0n || micros >= 10_000n ? 2 : micros >= 100n ? 4 : 6
  const unit = 10n ** BigInt(6 - digits)
  const rounded = ((micros + unit / 2n) / unit) * unit
  const fraction = (rounded % MICROS).toString().padStart(6, '0').slice(0, digits)
  return `$${(rounded / MICROS).toLocaleString('en')}.${fraction}`
}

/** The same as a plain number of dollars with all six digits, for files: "0.004200". */
export function toDecimalText(micros: bigint): string {
  return `${micros / MICROS}.${(micros % MICROS).toString().padStart(6, '0')}`
}
