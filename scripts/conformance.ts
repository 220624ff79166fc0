// npm run conformance: runs the official MCP conformance suite against our endpoint, in a Next app
// that offers the suite's own tools, and then against our client, which is the whole product: the
// suite's servers are its tool servers.
import { start, startConformanceApp } from '#scripts/conformance-app.ts'
import { startDriver } from '#tests/conformance/client/driver.ts'

const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js'
const CLIENT = `${process.execPath} tests/conformance/client/client-command.ts`
// The suite starts the client commands of a revision at once, and they are played one by one.
const CLIENT_MS = 300_000

/**
 * What is run, and how many scenarios each requires. Fewer would mean that the suite did not
 * finish.
 */
const SERVER_PARTS: Part[] = [
  { revision: '2026-07-28', count: 37, args: ['--requirements', '2026-07-28'] },
  { revision: '2025-11-25', count: 30, args: ['--requirements', '2025-11-25'] },
]
const CLIENT_PARTS: Part[] = [
  { revision: '2026-07-28', count: 32, args: ['--requirements', '2026-07-28'] },
  { revision: '2025-11-25', count: 18, args: ['--requirements', '2025-11-25'] },
  { revision: '2025-03-26', count: 2, args: ['--suite', 'backcompat', '--spec-version', '2025-03-26'] },
]
const results = [...(await runServerParts()), ...(await runClientParts())]
const failed = results.filter((result) => !result.passed)
for (const { side, revision, scenario, detail } of failed) console.error(`${side} ${revision} ${scenario}: ${detail}`)
console.log(`${results.length - failed.length} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1

type Part = { revision: string; count: number; args: string[] }
type Result = { side: 'server' | 'client'; revision: string; scenario: string; passed: boolean; detail: string }

async function runServerParts(): Promise<Result[]> {
  const app = await startConformanceApp()
  try {
    return (await Promise.all(SERVER_PARTS.map((part) => runPart('server', part, ['--url', `${app.url}/mcp`])))).flat()
  } finally {
    await app.stop()
  }
}

async function runClientParts(): Promise<Result[]> {
  const driver = await startDriver()
  const results: Result[] = []
  try {
    for (const part of CLIENT_PARTS) {
      const args = ['--command', CLIENT, '--timeout', String(CLIENT_MS)]
      results.push(...(await runPart('client', part, args, { CONFORMANCE_DRIVER: driver.url })))
    }
  } finally {
    await driver.stop()
  }
  return results
}

/**
 * Runs the required scenarios of one revision and prints a line for each. Scenarios beyond the
 * revision (extensions, later additions) run but are not counted.
 */
async function runPart(
  side: Result['side'],
  { revision, count, args }: Part,
  more: string[],
  env?: Record<string, string>,
): Promise<Result[]> {
  const { ended, output } = start([SUITE, side, ...args, ...more], env)
  const code = await ended
  const [scored = '', beyond = ''] = output().split(`Not scored for ${revision}`)
  const notScored = new Set([...beyond.matchAll(/^ +[✓✗] (\S+) \(/gm)].map((match) => match[1]))
  const required = [...scored.matchAll(/^([✓✗]) (\S+): (.*)$/gm)]
    .filter((match) => !notScored.has(match[2]))
    .map(([, mark, scenario = '', detail = '']) => ({ side, revision, scenario, passed: mark === '✓', detail }))
  for (const { scenario, passed } of required) console.log(`${passed ? '✓' : '✗'} ${side} ${revision} ${scenario}`)
  const results: Result[] = [...required]
  const isClean = results.every(({ passed }) => passed)
  if (!isClean && process.env.CONFORMANCE_OUTPUT) console.error(output())
  if (required.length !== count || (code !== 0 && required.every(({ passed }) => passed))) {
    console.error(output())
    const detail = `ended with ${code} after ${required.length} of ${count} scenarios`
    results.push({ side, revision, scenario: 'the suite itself', passed: false, detail })
  }
  return results
}
