import { readFileSync } from 'node:fs'
import http from 'node:http'

/**
 * Requests per second, their latency (ms), and the server's processor time per request (ms): NaN on
 * systems that do not report it (only Linux does).
 */
export type Load = { rps: number; p50: number; p99: number; cpu: number }
/** `pid` is the server's process. */
export type Sent = {
  url: string
  pid: number
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

/**
 * Sends the same request `count` times over `connections` kept-alive connections. Throws if an
 * answer is not 200 or contains `isError`.
 */
export async function load(sent: Sent, count: number, connections: number): Promise<Load> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let left = count
  const spentBefore = processorMs(sent.pid)
  const began = performance.now()
  try {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (left-- > 0) times.push(await once(agent, sent))
      }),
    )
  } finally {
    agent.destroy()
  }
  const rps = (count / (performance.now() - began)) * 1_000
  const cpu = (processorMs(sent.pid) - spentBefore) / count
  times.sort((a, b) => a - b)
  return {
    rps,
    cpu,
    p50: times[Math.floor(count * 0.5)] ?? Number.NaN,
    p99: times[Math.floor(count * 0.99)] ?? Number.NaN,
  }
}

// Ticks of 10 ms, in user and in system mode: the 14th and 15th field, counted from behind the
// name.
function processorMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    // Not Linux.
    return Number.NaN
  }
}

function once(agent: http.Agent, { url, method = 'POST', headers = {}, body }: Sent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const began = performance.now()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const request = http.request(
    url,
    { agent, method, headers: { ...headers, ...length }, timeout: 30_000 },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200 && !text.includes('"isError":true')) resolve(performance.now() - began)
        else reject(new Error(`${method} ${url} answered ${response.statusCode}: ${text.slice(0, 300)}`))
      })
      response.on('error', reject)
    },
  )
  request.on('timeout', () => request.destroy(new Error(`${url} did not answer within 30 s`)))
  request.on('error', reject)
  request.end(body)
  return promise
}
