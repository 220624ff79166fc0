import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A plain proxy without affinity: each request goes to the next server. */
export type RoundRobin = AsyncDisposable & {
  url: string
  /** The servers that take turns from now on. */
  use(...urls: string[]): void
}

/**
 * Starts the proxy on a free port, so that the servers can be given its address before they start.
 * A server that does not answer is skipped.
 */
export async function roundRobin(): Promise<RoundRobin> {
  let servers: string[] = []
  let turn = 0
  const proxy = createServer((incoming, outgoing) => void pass(incoming, outgoing))

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    for (let tries = 0; tries < servers.length; tries += 1) {
      turn += 1
      if (await handOn(servers[turn % servers.length] ?? '', incoming, Buffer.concat(chunks), outgoing)) return
    }
    outgoing.writeHead(502).end()
  }

  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    use: (...urls) => {
      servers = urls
    },
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}

/** Resolves to false if the server could not be reached. */
function handOn(server: string, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<boolean> {
  const { method, headers } = incoming
  return new Promise((resolve) => {
    const onward = send(`${server}${incoming.url}`, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
      answer.on('error', () => outgoing.destroy())
      outgoing.on('close', () => onward.destroy())
      resolve(true)
    })
    onward.on('error', () => {
      if (outgoing.headersSent) outgoing.destroy()
      resolve(false)
    })
    onward.end(body)
  })
}
