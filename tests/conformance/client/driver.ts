import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { playScenario, type Scenario } from '#tests/conformance/client/play-scenario.ts'
import { type Product, startProduct } from '#tests/conformance/client/product.ts'

/**
 * Starts the product, and lets `client-command.ts` have scenarios played through it by
 * a POST to `url`. They are played one at a time, because each has the product to itself.
 */
export async function startDriver(): Promise<{ url: string; stop: () => Promise<void> }> {
  const product = await startProduct()
  let last: Promise<unknown> = Promise.resolve()
  const server = createServer(async (request, response) => {
    const scenario = JSON.parse(await text(request)) as Scenario
    const played = last.then(() => play(product, scenario))
    last = played
    const problem = await played
    response.writeHead(problem ? 500 : 200).end(problem)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await product.stop()
    },
  }
}

/** What went wrong, in words; empty if nothing did. */
async function play(product: Product, scenario: Scenario): Promise<string> {
  try {
    await playScenario(product, scenario)
    return ''
  } catch (error) {
    return `${scenario.scenario}: ${(error as Error).message}`
  }
}
