import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { type RoundRobin, roundRobin } from '#tests/support/processes/round-robin.ts'

export type Replicas = AsyncDisposable & {
  one: AppServer
  two: AppServer
  proxy: RoundRobin
  /**
   * Starts another replica on the same database, with these settings besides the others. The proxy
   * does not know it.
   */
  start(env?: Record<string, string>): Promise<AppServer>
}

/**
 * Two production builds on the database of this test file, with a plain proxy in front whose
 * address is their APP_URL.
 */
export async function startReplicas(
  env: Record<string, string> = {},
  databaseUrl = process.env.DATABASE_DIRECT_URL ?? '',
): Promise<Replicas> {
  const proxy = await roundRobin()
  const started: AppServer[] = []
  const start = async (more: Record<string, string> = {}) => {
    const limits = { RUNS_PER_MINUTE: '10000', RUNS_AT_ONCE: '10000' }
    const app = await startApp({ databaseUrl, env: { APP_URL: proxy.url, ...limits, ...env, ...more } })
    started.push(app)
    return app
  }
  const stopAll = async () => {
    await Promise.all(started.map((app) => app.stop()))
    await proxy[Symbol.asyncDispose]()
  }
  try {
    const one = await start()
    const two = await start()
    proxy.use(one.url, two.url)
    return { one, two, proxy, start, [Symbol.asyncDispose]: stopAll }
  } catch (error) {
    await stopAll()
    throw error
  }
}
