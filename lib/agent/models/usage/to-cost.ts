import type { Prices } from '#lib/data/models/model-facts.ts'
import type { TokensUsed } from '#lib/data/usage/model-requests.ts'

const MILLION = 1_000_000n

/**
 * What a request costs, in whole millionths of a dollar, rounded to the nearest: exact, because it is
 * never a fraction. Null without prices.
 */
export function toCostMicros(
  { input, cached, output }: Pick<TokensUsed, 'input' | 'cached' | 'output'>,
  prices: Prices | null,
): bigint | null {
  if (!prices) return null
  const fromCache = Math.min(cached, input)
  const total =
    BigInt(input - fromCache) * BigInt(prices.input) +
    BigInt(fromCache) * BigInt(prices.cachedInput) +
    BigInt(output) * BigInt(prices.output)
  return (total + MILLION / 2n) / MILLION
}
