import { globSync, readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { findGate, type Gate } from '#lib/auth/route.ts'
import { signedIn } from '#tests/support/people/people.ts'

// Every handler of every route, as Next calls it. A new route needs nothing here, unless it lets in people without a session.

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Doors that answer in a protocol's own words, with checks of their own. */
const OWN_DOORS: Record<string, string> = {
  'app/mcp/route.ts': 'MCP: bearer tokens, JSON-RPC errors (tests/mcp)',
  'app/oauth/[...path]/route.ts': 'OAuth: errors of RFC 6749 (tests/oauth)',
  'app/.well-known/[...path]/route.ts': 'OAuth: documents that any page may read (tests/oauth)',
}

/** Handlers that need no session, and why. */
const OPEN: Record<string, string> = {
  'app/api/[...path]/route.ts': 'answers 404',
  'app/api/auth/[...nextauth]/route.ts': 'signs in',
  'app/api/auth/forgot-password/route.ts': 'before sign-in',
  'app/api/auth/mail-link/route.ts': 'before sign-in',
  'app/api/auth/reset-password/route.ts': 'before sign-in, with a mailed code',
  'app/api/auth/sign-up/route.ts': 'before sign-in',
  'app/api/auth/verify-email/route.ts': 'before sign-in, with a mailed code',
  'app/api/connections/callback/route.ts': 'checks the session itself, to refuse on a page',
  'app/api/connections/client.json/route.ts': 'a public document',
  'app/client-metadata.json/route.ts': 'a public document',
  'app/api/health/live/route.ts': 'for the platform',
  'app/api/health/ready/route.ts': 'for the platform',
  'app/api/metrics/route.ts': 'METRICS_TOKEN',
}

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>
type Door = { name: string; file: string; method: string; handler: Handler; gate: Gate | undefined }

let doors: Door[]
let ann: Awaited<ReturnType<typeof signedIn>>

beforeAll(async () => {
  const files = globSync(['app/**/route.ts', 'app/.*/**/route.ts']).sort()
  doors = (
    await Promise.all(
      files.map(async (file) =>
        Object.entries((await import(/* @vite-ignore */ `../../${file}`)) as Record<string, Handler>)
          .filter(([method]) => METHODS.includes(method))
          .map(([method, handler]) => ({ name: `${method} ${file}`, file, method, handler, gate: findGate(handler) })),
      ),
    )
  ).flat()
  ann = await signedIn()
}, 60_000)

const isChange = ({ method }: Door) => method !== 'GET' && method !== 'HEAD'
const gated = () => doors.filter(({ gate }) => gate)

function send({ handler, method }: Door, headers: Record<string, string>, body?: string): Promise<Response> {
  const request = new Request('http://127.0.0.1:3999/api/x', {
    ...{ method, body },
    headers: { 'content-type': 'application/json', ...headers },
  })
  return handler(request, { params: Promise.resolve({ id: 'x' }) })
}

async function refusal(response: Response) {
  const { message, code, request_id } = (await response.json()) as Record<string, string>
  expect(request_id).toBe(response.headers.get('x-request-id'))
  return { status: response.status, code, message }
}

test('every handler is made by route(), but for the doors of other protocols', () => {
  const made = Map.groupBy(doors, ({ gate }) => gate !== undefined)
  expect([...new Set(made.get(false)?.map(({ file }) => file))].sort()).toEqual(Object.keys(OWN_DOORS).sort())
  expect(made.get(true)?.length).toBeGreaterThan(30)
})

test('the handlers without a session are a short list', () => {
  const open = gated().filter(({ gate }) => gate?.session === 'none')
  expect([...new Set(open.map(({ file }) => file))].sort()).toEqual(Object.keys(OPEN).sort())
})

test('a change from another site’s page is refused everywhere, with or without a session', async () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  const message = 'This request came from another site. Open http://127.0.0.1:3999 and try again there.'
  for (const door of gated().filter(isChange))
    for (const headers of foreign)
      for (const session of [{}, ann.headers])
        expect(await refusal(await send(door, { ...session, ...headers }, '{}')), door.name).toEqual({
          ...{ status: 403, code: 'forbidden', message },
        })
})

test('nobody without a session gets past a handler that needs one', async () => {
  const cookies = ['', 'switchboard-session=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aaaa.bbbb.cccc']
  for (const door of gated().filter(({ gate }) => gate?.session !== 'none'))
    for (const cookie of cookies)
      expect(await refusal(await send(door, { cookie }, isChange(door) ? '{}' : undefined)), door.name).toEqual({
        ...{ status: 401, code: 'unauthenticated', message: 'You are not signed in. Sign in and try again.' },
      })
})

test('a handler with fields refuses other bodies before its work', async () => {
  const withFields = gated().filter(({ gate }) => gate?.body)
  expect(withFields.length).toBeGreaterThan(8)
  for (const door of withFields) {
    const headers = door.gate?.session === 'none' ? {} : ann.headers
    const status = async (body: string, type = 'application/json') =>
      (await send(door, { ...headers, 'content-type': type }, body)).status
    expect(await status('{}', 'text/plain'), door.name).toBe(415)
    expect(await status('{'), door.name).toBe(400)
    expect(await status('[]'), door.name).toBe(400)
    expect(await status(JSON.stringify({ x: 'x'.repeat(door.gate?.bodyMax ?? 9_000) })), door.name).toBe(413)
  }
})

test('one person’s changes are counted together, and reading is not counted with them', async () => {
  const one = await signedIn()
  const find = (name: string) => doors.find((door) => door.name === name) as Door
  const revoke = find('DELETE app/api/me/tokens/[id]/route.ts')
  const statuses = await Promise.all(Array.from({ length: 121 }, async () => (await send(revoke, one.headers)).status))
  expect(statuses.filter((status) => status === 429)).toHaveLength(1)
  const refused = await send(find('DELETE app/api/me/tokens/route.ts'), one.headers)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refusal(refused)).toMatchObject({ status: 429, message: expect.stringContaining('120 changes') })
  expect((await send(find('GET app/api/me/tokens/route.ts'), one.headers)).status).toBe(200)
  expect((await send(revoke, ann.headers)).status).toBe(404)
})

test('a route for admins does not exist for others', async () => {
  const forAdmins = gated().filter(({ gate }) => gate?.session === 'admin')
  expect(forAdmins.length).toBeGreaterThan(0)
  for (const door of forAdmins) expect(await refusal(await send(door, ann.headers))).toMatchObject({ status: 404 })
})

test('every server action is made by serverAction()', () => {
  const files = globSync('app/**/*.{ts,tsx}').filter((file) =>
    /^\s*['"]use server['"]/m.test(readFileSync(file, 'utf8')),
  )
  expect(files.length).toBeGreaterThan(4)
  for (const file of files) {
    const exported = readFileSync(file, 'utf8').match(/^export .*$/gm) ?? []
    expect(
      exported.filter((line) => !/^export const \w+ = serverAction\(/.test(line)),
      file,
    ).toEqual([])
  }
})
