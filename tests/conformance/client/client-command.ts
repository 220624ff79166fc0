// The client command of the conformance suite, which passes the URL of a scenario's server. Has the
// product that `npm run conformance` started play the scenario, and ends when it has.
const { CONFORMANCE_DRIVER = '', MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT } = process.env
const answer = await fetch(CONFORMANCE_DRIVER, {
  method: 'POST',
  body: JSON.stringify({
    scenario: MCP_CONFORMANCE_SCENARIO,
    url: process.argv[2],
    context: JSON.parse(MCP_CONFORMANCE_CONTEXT ?? '{}'),
  }),
})
process.stderr.write(await answer.text())
process.exitCode = answer.ok ? 0 : 1
