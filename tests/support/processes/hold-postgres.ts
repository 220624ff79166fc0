import { startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'

// A process that starts PostgreSQL in the given folder, prints its addresses, and stops it at
// SIGTERM. Tests kill it.
const server = await startEmbeddedPostgres(process.argv[2] ?? '', { durable: false })
process.stdout.write(`${JSON.stringify(server)}\n`)
const staysAlive = setInterval(() => {}, 60_000)
process.once('SIGTERM', async () => {
  await server.stop()
  clearInterval(staysAlive)
})
