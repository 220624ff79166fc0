import { setTimeout as sleep } from 'node:timers/promises'
import { isGone, openServer, type Place, type PostgresServer } from '#scripts/postgres/postgres-server.ts'

const LOOK_MS = 500

/** A server that is looked after. */
export type WatchedServer = {
  /** The one that runs now. */
  current(): PostgresServer
  /** Rejects, with an Error with a sentence, when the server ended and could not be started again. Never resolves. */
  lost: Promise<never>
  /** Ends the watch and resolves to the server that runs now, which goes on running. */
  release(): Promise<PostgresServer>
}

/** Starts the server again, at the same port, where something else ended it: a system short of memory, a person's kill. */
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
      // Everybody knows the server by its port.
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
