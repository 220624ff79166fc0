import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { start, startConformanceApp } from '#scripts/conformance-app.ts'
import { type Load, load, type Sent } from './load.ts'

const CONNECTIONS = 32
const COUNT = 300
const ROUNDS = 20
const REVISION = '2026-07-28'
const CLIENT = {
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
// npm run bench mcp 200000: makes that many calls, to see that memory does not grow.
const MEMORY_CALLS = Number(process.argv[3] ?? 10_000)

/**
 * tools/call requests per second at 32 connections. First the handler alone, without token and
 * ledger: a tool that does nothing in a Next route, compared with routes that do nothing in the
 * same build and with the SDK's own server on node:http. Then the product: tools with their token,
 * person and ledger, which is mostly database time, compared with /api/health/live. On a machine
 * with other work, the processor time says more than the requests per second.
 */
export async function benchMcp(product: { url: string; pid: number; token: string }): Promise<Record<string, number>> {
  const fixture = await startConformanceApp()
  const sdk = start(['bench/sdk-server.ts'])
  try {
    const [sdkUrl] = await once(sdk.child.stdout, 'data')
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const trivial = { headers, body: callOf('trivial') }
    const newest = {
      headers: { ...headers, 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'trivial' },
      body: callOf('trivial', { 'io.modelcontextprotocol/protocolVersion': REVISION, ...CLIENT }),
    }
    const own = { url: String(sdkUrl).trim(), pid: sdk.child.pid ?? 0 }
    const live = { url: `${product.url}/api/health/live`, pid: product.pid, method: 'GET' } as const
    const mcp = {
      url: `${product.url}/mcp`,
      pid: product.pid,
      headers: { ...headers, authorization: `Bearer ${product.token}` },
    }
    const [nothing, bare, handler, newer, sdkBare, sdkHandler, sdkNewer] = await takeTurns([
      { url: `${fixture.url}/bare`, pid: fixture.pid, method: 'GET' },
      { url: `${fixture.url}/bare`, pid: fixture.pid, ...trivial },
      { url: `${fixture.url}/trivial`, pid: fixture.pid, ...trivial },
      { url: `${fixture.url}/trivial`, pid: fixture.pid, ...newest },
      { ...own, ...trivial, url: `${own.url}/bare` },
      { ...own, ...trivial },
      { ...own, ...newest },
    ])
    show({
      'route that does nothing': nothing,
      'route that reads its message': bare,
      'trivial tool in a route': handler,
      [`trivial tool in a route, ${REVISION}`]: newer,
      'node:http that reads its message': sdkBare,
      "the SDK's own server": sdkHandler,
      [`the SDK's own server, ${REVISION}`]: sdkNewer,
    })
    const [alive, listed, called, read] = await takeTurns([
      live,
      { ...mcp, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }) },
      { ...mcp, body: callOf('whoami') },
      { ...mcp, body: callOf('list_tasks') },
    ])
    show({
      '/api/health/live': alive,
      'tools/list with a token': listed,
      'whoami with ledger': called,
      'list_tasks with ledger': read,
    })
    await watchMemory('the handler', { url: `${fixture.url}/trivial`, pid: fixture.pid, ...trivial })
    await watchMemory('the product', { ...mcp, body: callOf('whoami') })
    return {
      'mcp: trivial tool / route that reads its message': handler.rps / bare.rps,
      'mcp: the same by processor time': bare.cpu / handler.cpu,
      [`mcp: the same by processor time, ${REVISION}`]: bare.cpu / newer.cpu,
      'mcp: what the SDK as it comes would leave of that route': bare.cpu / (bare.cpu + sdkHandler.cpu - sdkBare.cpu),
      [`mcp: what the SDK as it comes would leave of that route, ${REVISION}`]:
        bare.cpu / (bare.cpu + sdkNewer.cpu - sdkBare.cpu),
      'mcp: whoami with token and ledger / bare route': called.rps / alive.rps,
    }
  } finally {
    sdk.child.kill('SIGTERM')
    await Promise.all([fixture.stop(), sdk.ended])
  }
}

function callOf(name: string, meta?: object): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: {}, ...(meta && { _meta: meta }) },
  })
}

/**
 * Runs the requests in short, interleaved rounds, so that other work on the machine affects all of
 * them equally.
 */
async function takeTurns<Requests extends Sent[]>(requests: [...Requests]): Promise<{ [P in keyof Requests]: Load }> {
  for (const sent of requests) await load(sent, COUNT * 3, CONNECTIONS)
  const rounds: Load[][] = requests.map(() => [])
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [index, sent] of requests.entries()) rounds[index]?.push(await load(sent, COUNT, CONNECTIONS))
  return rounds.map(summed) as { [P in keyof Requests]: Load }
}

function summed(loads: Load[]): Load {
  const mean = (pick: (one: Load) => number) => loads.reduce((sum, one) => sum + pick(one), 0) / loads.length
  return {
    rps: 1 / mean(({ rps }) => 1 / rps),
    cpu: mean(({ cpu }) => cpu),
    p50: mean(({ p50 }) => p50),
    p99: mean(({ p99 }) => p99),
  }
}

function show(loads: Record<string, Load>): void {
  for (const [name, { rps, p50, p99, cpu }] of Object.entries(loads))
    console.log(
      `${rps.toFixed(0).padStart(8)}/s  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  processor ${cpu.toFixed(2)} ms  ${name}`,
    )
}

async function watchMemory(name: string, sent: Sent): Promise<void> {
  const seen: string[] = []
  for (let part = 0; part <= 4; part += 1) {
    if (part > 0) await load(sent, MEMORY_CALLS / 4, CONNECTIONS)
    seen.push(await residentMegabytes(sent.pid))
  }
  console.log(`${name}: resident memory over ${MEMORY_CALLS} calls, at each quarter: ${seen.join(', ')} MB`)
}

async function residentMegabytes(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1_024).toFixed(0)
}
