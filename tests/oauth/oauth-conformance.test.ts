import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findFreePort } from '#scripts/local/port.ts'
import { Browser, register } from '#tests/support/people/oauth-client.ts'
import { openSite } from '#tests/support/people/oauth-site.ts'
import { signedIn } from '#tests/support/people/people.ts'

// The authorization-server scenarios of the official conformance suite, with a person who allows
// what is requested.

const SUITE = path.join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js')
/** For a busy machine: an idle one needs two seconds. */
const SUITE_MS = 240_000
const site = await openSite()
const folder = await mkdtemp(path.join(os.tmpdir(), 'switchboard-conformance-'))
afterAll(async () => {
  await site.close()
  await rm(folder, { recursive: true, force: true })
})

/**
 * Opens the URL that the suite prints, allows the request, and sends the answer to where the suite
 * listens.
 */
async function allow(address: string, person: Awaited<ReturnType<typeof signedIn>>): Promise<void> {
  const browser = new Browser()
  const page = (await browser.send(address)).headers.get('location') ?? ''
  const answered = await browser.send(`${site.url}${page}/answer`, {
    method: 'POST',
    headers: { ...person.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ allow: true, person: person.caller.userId }),
  })
  const back = await browser.send((await answered.json()).location)
  await fetch(back.headers.get('location') ?? '')
}

test(
  'the authorization-server scenarios pass without a failure or a warning',
  async () => {
    const person = await signedIn()
    const port = await findFreePort()
    const { client_id: id } = await (
      await register(`${site.url}/mcp`, { redirect_uris: [`http://127.0.0.1:${port}/callback`] })
    ).json()
    const args = [
      '--url',
      site.url,
      '--client-id',
      id,
      '--resource',
      `${site.url}/mcp`,
      '--port',
      String(port),
      '--output-dir',
      folder,
    ]
    const suite = spawn(process.execPath, [SUITE, 'authorization', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { NODE_ENV: 'test', PATH: folder, HOME: folder },
    })
    const killer = setTimeout(() => suite.kill('SIGKILL'), SUITE_MS)
    let output = ''
    let allowed: Promise<void> | undefined
    for (const stream of [suite.stdout, suite.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const address = /https?:\/\/\S+\/oauth\/authorize\?\S+/.exec(output)?.[0]
        if (address) allowed ??= allow(address, person)
      })
    const [code] = await once(suite, 'close')
    clearTimeout(killer)
    await allowed
    expect([code, output]).toEqual([0, expect.not.stringMatching(/FAILURE|WARNING|SKIPPED/)])
    expect(output).toContain('Total: 3 passed, 0 failed')
  },
  SUITE_MS + 30_000,
)
