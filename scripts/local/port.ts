import { once } from 'node:events'
import net from 'node:net'

/** The port from the setting PORT. Throws an Error with a sentence. */
export function readPort(setting = ''): number {
  const port = Number(setting || 3000)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error('PORT must be a whole number from 1 to 65535. For example: PORT=3000')
  return port
}

/** A free port of 127.0.0.1: the wanted one if it is free, else any. */
export async function findFreePort(wanted = 0): Promise<number> {
  const server = net.createServer()
  try {
    server.listen(wanted, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as net.AddressInfo).port
  } catch (error) {
    if (wanted === 0) throw error
    return findFreePort()
  } finally {
    server.close()
  }
}
