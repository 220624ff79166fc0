import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

type Moment = 'before its statement' | 'before its commit' | 'after its commit'

/**
 * A proxy in front of PostgreSQL that once cuts the connection of a transaction that contains a
 * text: before that statement, before the database receives the commit, or after it, when only its
 * answer is lost. `skip` lets so many such moments pass first.
 */
export async function cuttingProxy(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const state: { cut: { text: string; moment: Moment; skip: number } | null } = { cut: null }
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname)
    let seen = false
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    client.on('error', end).on('close', end)
    upstream.on('error', end).on('close', end)
    upstream.on('data', (bytes) => client.write(bytes))
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      if (state.cut && text.includes(state.cut.text)) seen = true
      const now = state.cut?.moment === 'before its statement' || text.includes('COMMIT')
      if (!(seen && state.cut && now && state.cut.skip-- <= 0)) return void upstream.write(bytes)
      client.destroy()
      if (state.cut.moment === 'after its commit') upstream.end(bytes)
      else upstream.destroy()
      state.cut = null
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    cut: (moment: Moment, text: string, skip = 0) => {
      state.cut = { text, moment, skip }
    },
    /** True while the cut is still to come. */
    armed: () => state.cut !== null,
    close: () => void server.close(),
  }
}
