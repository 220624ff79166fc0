import { randomUUID } from 'node:crypto'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { saveAccount } from '#lib/data/servers/server-accounts.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import {
  addServer,
  changeServer,
  listServers,
  removeServer,
  requireServer,
  type ServerWish,
  setServerEnabled,
} from '#lib/data/servers/servers.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { findHealth, noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { listServersFor, readConfiguredServers } from '#lib/mcp-client/servers/mcp-servers.ts'
import { findServersFileProblem } from '#lib/mcp-client/servers/servers-file.ts'
import { mayOffer } from '#lib/mcp-client/tools/may-offer.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { blackHole, faultServer, refusingUrl } from '#tests/support/tool-servers/fault-server.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'
import { sessionServer } from '#tests/support/tool-servers/session-server.ts'
import { callingRun, textOf, toolServer } from '#tests/support/tool-servers/tool-servers.ts'

const echo = { name: 'echo', run: (args: unknown) => args }
const wish = (over: Partial<ServerWish> = {}): ServerWish => ({
  name: 'wiki',
  url: 'https://tools.example.com/mcp',
  audience: 'everyone',
  config: ServerConfig.parse({}),
  secrets: { headers: { 'X-Api-Key': 'hunter2-hunter2' } },
  ...over,
})
const audits = (subject: string) =>
  withSystem('admin', (tx) => tx.auditEvent.findMany({ where: { subject }, orderBy: { at: 'asc' } })).then((rows) =>
    rows.map(({ action }) => action),
  )

describe('a server that an admin adds', () => {
  let admin: Caller
  afterEach(async () => {
    for (const { id } of await listServers()) await removeServer(admin, id)
  })

  test('can be added (disabled), enabled, changed and removed, and each change is audited', async () => {
    admin = (await signedIn({ role: 'admin' })).caller
    const { id } = await addServer(admin, wish())
    expect((await listServersFor('member')).map(({ name }) => name)).toEqual(['switchboard'])
    await setServerEnabled(admin, id, true)
    expect((await listServersFor('member')).map(({ name }) => name)).toEqual(['switchboard', 'wiki'])
    await changeServer(admin, id, wish({ audience: 'admins' }))
    expect((await listServersFor('member')).map(({ name }) => name)).toEqual(['switchboard'])
    expect((await listServersFor('admin')).map(({ name }) => name)).toEqual(['switchboard', 'wiki'])
    await expect(addServer(admin, wish())).rejects.toMatchObject({ code: 'conflict' })
    await removeServer(admin, id)
    expect(await audits(id)).toEqual(['server_added', 'server_enabled', 'server_changed', 'server_removed'])
    await expect(requireServer(id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('has its secrets sealed, and is refused if APP_SECRET has changed', async () => {
    admin = (await signedIn({ role: 'admin' })).caller
    const { id } = await addServer(admin, wish())
    const row = await withSystem('tool-servers', (tx) => tx.mcpServer.findUniqueOrThrow({ where: { id } }))
    expect(JSON.stringify(row)).not.toContain('hunter2')
    expect((await requireServer(id)).secrets?.headers).toEqual({ 'X-Api-Key': 'hunter2-hunter2' })
    withSettings({ APP_SECRET: 'another secret, which is long enough' })
    expect((await requireServer(id)).secrets).toBeNull()
    await using server = await mcpServer([echo])
    const mcp = await openMcp(await callingRun(admin), { servers: [toolServer(server.url, {}, { secrets: null })] })
    expect(mcp.unavailable).toMatchObject([{ failureClass: 'denied' }])
    expect(server.requests).toEqual([])
    await mcp.close()
  })

  test('is disabled and loses its connected accounts if its address changes', async () => {
    admin = (await signedIn({ role: 'admin' })).caller
    const { id } = await addServer(admin, wish())
    await setServerEnabled(admin, id, true)
    await saveAccount(admin, id, { kind: 'key', key: 'k' })
    await changeServer(admin, id, wish({ url: 'https://tools.example.com/mcp/' }))
    expect((await requireServer(id)).enabled).toBe(true)
    await changeServer(admin, id, wish({ url: 'https://elsewhere.example.com/mcp' }))
    expect((await requireServer(id)).enabled).toBe(false)
    expect(await withSystem('tool-servers', (tx) => tx.mcpAccount.count({ where: { serverId: id } }))).toBe(0)
  })

  test('is not visible in a person’s transaction', async () => {
    const person = await signedIn({ role: 'admin' })
    admin = person.caller
    await addServer(admin, wish())
    expect(await withCaller(admin, (tx) => tx.mcpServer.findMany())).toEqual([])
  })

  test('is not reached at a private address unless the operator allows it', async () => {
    admin = (await signedIn({ role: 'admin' })).caller
    await using server = await mcpServer([echo])
    const { id } = await addServer(admin, wish({ url: server.url, config: ServerConfig.parse({ pinned: false }) }))
    await setServerEnabled(admin, id, true)
    withSettings({ MCP_BUILTIN: 'off' })
    const refused = await openMcp(await callingRun(admin))
    expect(refused.unavailable).toMatchObject([
      { failureClass: 'denied', sentence: expect.stringContaining('MCP_ALLOW_PRIVATE') },
    ])
    await refused.close()
    expect(server.requests).toEqual([])
    withSettings({ MCP_ALLOW_PRIVATE: 'on' })
    const allowed = await openMcp(await callingRun(admin))
    expect(textOf(await allowed.connections[0]?.callToolResult('echo', { a: 1 }))).toBe('{"a":1}')
    await allowed.close()
  })
})

describe('the settings file', () => {
  const write = (content: unknown, file = path.join(tmpdir(), `servers-${randomUUID()}.json`)) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    withSettings({ MCP_SERVERS_FILE: file, MCP_BUILTIN: 'off' })
    return file
  }

  test('configures servers with every field of the admin page', () => {
    write({
      servers: [
        {
          name: 'wiki',
          url: 'http://10.0.0.7/mcp',
          identity: { kind: 'token' },
          bound: [{ parameter: 'user_id', value: '{{user.id}}' }],
          audience: 'admins',
        },
      ],
    })
    expect(readConfiguredServers()).toMatchObject([
      {
        id: 'settings:wiki',
        name: 'wiki',
        url: 'http://10.0.0.7/mcp',
        audience: 'admins',
        config: { identity: { kind: 'token' }, transport: 'streamable_http', pinned: true },
      },
    ])
  })

  test.each<[string, unknown, RegExp]>([
    ['invalid JSON', '{"servers": [ hunter2', /^MCP_SERVERS_FILE is not JSON\.$/],
    ['a bad name', { servers: [{ name: 'My Wiki!', url: 'http://a/mcp' }] }, /servers\.0\.name: A name has/],
    [
      'a field that does not exist',
      { servers: [{ name: 'a', url: 'http://a/mcp', heders: [] }] },
      /servers\.0: .*heders/,
    ],
    [
      'an invalid address',
      { servers: [{ name: 'a', url: 'hunter2' }] },
      /servers\.0\.url: must be an http or https URL/,
    ],
    [
      'a duplicate name',
      {
        servers: [
          { name: 'a', url: 'http://a/mcp' },
          { name: 'a', url: 'http://b/mcp' },
        ],
      },
      /two servers are named a/,
    ],
  ])('reports what is wrong with it: %s', (_, content, message) => {
    write(content)
    expect(() => readConfiguredServers()).toThrow(message)
    expect(() => readConfiguredServers()).not.toThrow(/hunter2/)
  })

  test('a mistake made while the server runs keeps what was read before', async () => {
    const names = async () => (await listServersFor('member')).map(({ name }) => name)
    const naming = (name: string) => ({ servers: [{ name, url: 'http://10.0.0.7/mcp' }] })
    let at = Date.now()
    const change = (file: string, content: unknown) => {
      write(content, file)
      at += 5_000
      utimesSync(file, at / 1_000, at / 1_000)
    }
    const file = write(naming('before'))
    expect([await names(), findServersFileProblem()]).toEqual([['before'], undefined])
    for (const mistake of ['{ hunter2', { servers: [{ name: 'after' }] }, { servers: 'none' }]) {
      change(file, mistake)
      expect(await names()).toEqual(['before'])
      expect(findServersFileProblem()).toMatch(/^MCP_SERVERS_FILE/)
      expect(findServersFileProblem()).not.toMatch(/hunter2/)
    }
    rmSync(file)
    expect([await names(), findServersFileProblem()]).toEqual([['before'], 'MCP_SERVERS_FILE cannot be read: ENOENT.'])
    change(file, naming('after'))
    expect([await names(), findServersFileProblem()]).toEqual([['after'], undefined])
  })
})

test.each<[string, string[], string[], boolean]>([
  ['search', [], [], true],
  ['search', ['search'], [], true],
  ['search', ['read'], [], false],
  ['search_all', ['search_*'], [], true],
  ['search', ['*'], ['search'], false],
  ['a_b_c', ['a*b*c'], [], true],
  ['a.b', ['a?b'], [], false],
  ['ab', ['ab*b'], [], false],
])('%s is offered with allow %j and deny %j: %s', (tool, allow, deny, expected) =>
  expect(mayOffer(tool, { allow, deny })).toBe(expected),
)

describe('a server that does not answer', () => {
  const first = async (servers: ReturnType<typeof toolServer>[], caller: Caller) => {
    const run = await callingRun(caller)
    const mcp = await openMcp(run, { servers })
    void mcp.close()
    return { names: mcp.connections.map(({ server }) => server.name), unavailable: mcp.unavailable }
  }

  test('is left out of a turn while it is still being asked, every time', async () => {
    // Longer than the test may take: a turn that waited for the server would fail it.
    withSettings({ MCP_CONNECT_TIMEOUT: '600' })
    const { caller } = await signedIn()
    await using server = await mcpServer([echo])
    await using hole = await blackHole()
    const alive = toolServer(server.url, {}, { name: 'alive' })
    noteAnswer(alive.url)
    for (let turn = 0; turn < 3; turn += 1) {
      const { names, unavailable } = await first([alive, toolServer(hole.url, {}, { name: 'hole' })], caller)
      expect(names).toEqual(['alive'])
      expect(unavailable).toMatchObject([{ server: 'hole', failureClass: 'connect_timeout' }])
    }
  })

  test('is not asked again for a while once it has timed out or refused', async () => {
    withSettings({ MCP_CONNECT_TIMEOUT: '1' })
    const { caller } = await signedIn()
    await using hole = await blackHole()
    const silent = toolServer(hole.url, {}, { name: 'hole' })
    await first([silent], caller)
    await expect.poll(() => findHealth(silent.url)).toBe('down')
    const { unavailable } = await first([silent], caller)
    expect(unavailable[0]?.sentence).toMatch(/asked again in \d+ s/)
    const refusing = toolServer(await refusingUrl(), {}, { name: 'refusing' })
    for (let turn = 0; turn < 3; turn += 1)
      expect((await first([refusing], caller)).unavailable[0]?.failureClass).toBe('refused')
    // The failure keeps its name while the server is not asked.
    const again = (await first([refusing], caller)).unavailable[0]
    expect(again).toMatchObject({
      failureClass: 'refused',
      sentence: expect.stringMatching(/refuses connections\. It is asked again in \d+ s/),
    })
  })

  test('still offers its pinned tools', async () => {
    const { caller } = await signedIn()
    await using server = await faultServer([echo])
    const pinned = toolServer(server.url, { pinned: true })
    await first([pinned], caller)
    server.fault = { kind: 'hang' }
    const other = (await signedIn()).caller
    const mcp = await openMcp(await callingRun(other), { servers: [pinned] })
    expect((await mcp.connections[0]?.listTools())?.map(({ name }) => name)).toEqual(['echo'])
    void mcp.close()
  })
})

describe('servers of older revisions', () => {
  const add: TestTool = { name: 'add', run: ({ a, b }) => String(Number(a) + Number(b)) }

  test.each(['sse', 'streamable'] as const)(
    'work over %s: tools, parallel calls and ending the session',
    async (kind) => {
      await using server = await sessionServer([add], { kind })
      const { caller } = await signedIn()
      const mcp = await openMcp(await callingRun(caller), {
        servers: [toolServer(server.url, kind === 'sse' ? { transport: 'sse' } : {})],
      })
      expect(mcp.unavailable).toEqual([])
      const answers = await Promise.all([1, 2, 3].map((n) => mcp.connections[0]?.callToolResult('add', { a: n, b: n })))
      expect(answers.map(textOf)).toEqual(['2', '4', '6'])
      await mcp.close()
      await vi.waitFor(() => expect(server.sessions()).toBe(0), { timeout: 10_000 })
    },
  )

  test('get a new session once if they lost it, and the call is made', async () => {
    await using server = await sessionServer([add])
    const { caller } = await signedIn()
    const mcp = await openMcp(await callingRun(caller), { servers: [toolServer(server.url)] })
    expect(textOf(await mcp.connections[0]?.callToolResult('add', { a: 1, b: 1 }))).toBe('2')
    server.forget()
    expect(textOf(await mcp.connections[0]?.callToolResult('add', { a: 2, b: 2 }))).toBe('4')
    expect(server.calls).toHaveLength(2)
    await mcp.close()
  })

  test('never share a session between two people or two turns', async () => {
    await using server = await sessionServer([add])
    const people = [(await signedIn()).caller, (await signedIn()).caller]
    const turns = await Promise.all(
      [...people, ...people].map(async (caller) =>
        openMcp(await callingRun(caller), { servers: [toolServer(server.url)] }),
      ),
    )
    await Promise.all(turns.map((mcp) => mcp.connections[0]?.callToolResult('add', { a: 1, b: 1 })))
    expect(server.sessions()).toBe(4)
    await Promise.all(turns.map((mcp) => mcp.close()))
  })
})
