import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examine } from '#lib/mcp-client/doctor.ts'
import { noteAnswer } from '#lib/mcp-client/health.ts'
import { openMcp } from '#lib/mcp-client/open.ts'
import { signedIn } from '#tests/support/people.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers.ts'

// npm run interop: a FastMCP server in FastAPI, in Python. INTEROP_PYTHON is the interpreter of a virtual environment that has
// both; scripts/interop-fastmcp.ts makes one.

const port = 20_000 + (process.pid % 20_000)
const url = `http://127.0.0.1:${port}/mcp`
const python = spawn(process.env.INTEROP_PYTHON ?? 'python3', ['tests/support/fastmcp_server.py', String(port)], { stdio: 'ignore' })

beforeAll(async () => {
  for (let tries = 0; tries < 150; tries += 1) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
    await setTimeout(200)
  }
  noteAnswer(url)
}, 60_000)

afterAll(async () => {
  python.kill()
  await once(python, 'exit')
})

const bound = { bound: [{ parameter: 'user_id', value: '{{user.id}}' }] }

test.each([url, `${url}/`])('is healthy at %s', async (address) => {
  const { spoken, steps } = await examine(toolServer(address))
  expect(steps.filter(({ outcome, fault }) => outcome === 'failed' && fault !== 'slash')).toEqual([])
  expect(spoken?.tools.map(({ name }) => name)).toEqual(['my_tool'])
})

test.each([url, `${url}/`])('answers for the person of the session at %s, whatever the model says', async (address) => {
  noteAnswer(address)
  const [ann, bob] = [await signedIn(), await signedIn()]
  for (const person of [ann, bob]) {
    const mcp = await openMcp(await callingRun(person.caller), { servers: [toolServer(address, bound)] })
    expect(mcp.unavailable).toEqual([])
    const [tool] = (await mcp.connections[0]?.listTools()) ?? []
    expect(Object.keys(tool?.inputSchema.properties ?? {})).toEqual(['param'])
    const result = await mcp.connections[0]?.callToolResult('my_tool', { param: 'notes', user_id: bob.caller.userId })
    expect(textOf(result)).toBe(`notes of ${person.caller.userId}`)
    await mcp.close()
  }
})
