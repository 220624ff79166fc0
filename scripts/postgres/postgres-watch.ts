import { setTimeout as sleep } from 'node:timers/promises'
import { isGone, openServer, type Place, type PostgresServer } from '#scripts/postgres/postgres-server.ts'

const LOOK_MS = 500

/** A server that is restarted if something else ends it. */
export type WatchedServer = {
  /** The server that is running now. */
  current(): PostgresServer
  /**
   * Rejects with an Error with a sentence if the server ended and could not be restarted. Never
   * resolves.
   */
  lost: Promise<never>
  /** Stops watching and resolves to the server, which keeps running. */
  release(): Promise<PostgresServer>
}

/**
 * Restarts the server on the same port if something else ends it, such as the system's
 * out-of-memory killer or a person.
 */
export function watchServer(first: PostgresServer, place: Place, say: (line: string) => void): WatchedServer {
  const released = new AbortController()
  let server = first
  const watching = watch()
  const lost = watching.then(() => new Promise<never>(() => {}))
  lost.catch(() => {})

  async function watch(): Promise<void> {
    while (!released.signal.aborted) {
      await sleep(LOOK_MS, undefined, { ref: false, signal: released.signal }).catch(() => {})
      if (released.signal.aborted || !(await isGone(server, place))) continue
      say('PostgreSQL ended unexpectedly and is started again.')
      server = await openServer(place)
      // Clients know the server by its port.
      if (server.port !== first.port)
        throw new Error(`PostgreSQL had to be started again, but port ${first.port} is taken by now. Start again.`)
    }
  }

  return {
    current: () => server,
    lost,
    async release() {
      released.abort()
      await watching.catch(() => {})
      return server
    },
  }
}
