// npm run conformance: runs the official MCP conformance suite against our endpoint, in a Next app
// that offers the suite's own tools.
import { start, startConformanceApp } from '#scripts/conformance-app.ts'

const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js'
/**
 * The revisions, and how many scenarios each requires. Fewer would mean that the suite did not
 * finish.
 */
const REQUIRED = { '2026-07-28': 37, '2025-11-25': 30 }

const app = await startConformanceApp()
const results: Result[] = []
try {
  const revisions = Object.entries(REQUIRED)
  results.push(
    ...(await Promise.all(revisions.map(([revision, count]) => runSuite(`${app.url}/mcp`, revision, count)))).flat(),
  )
} finally {
  await app.stop()
}
const failed = results.filter((result) => !result.passed)
for (const { revision, scenario, detail } of failed) console.error(`${revision} ${scenario}: ${detail}`)
console.log(`${results.length - failed.length} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1

type Result = { revision: string; scenario: string; passed: boolean; detail: string }

/**
 * Runs the required scenarios of one revision. Scenarios beyond the revision (extensions, later
 * additions) run but are not counted.
 */
async function runSuite(endpoint: string, revision: string, count: number): Promise<Result[]> {
  const { ended, output } = start([SUITE, 'server', '--url', endpoint, '--requirements', revision])
  const code = await ended
  const [scored = '', beyond = ''] = output().split(`Not scored for ${revision}`)
  const notScored = new Set([...beyond.matchAll(/^ +[✓✗] (\S+) \(/gm)].map((match) => match[1]))
  const results = [...scored.matchAll(/^([✓✗]) (\S+): (.*)$/gm)]
    .filter((match) => !notScored.has(match[2]))
    .map(([, mark, scenario = '', detail = '']) => ({ revision, scenario, passed: mark === '✓', detail }))
  const passed = results.filter((result) => result.passed).length
  console.log(`${revision}: ${passed} of ${count} required scenarios`)
  if (results.length !== count || (code !== 0 && passed === count)) {
    console.error(output())
    results.push({
      revision,
      scenario: 'the suite itself',
      passed: false,
      detail: `ended with ${code} after ${results.length} scenarios`,
    })
  }
  return results
}
