import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

// Which room may import which: the table of docs/architecture.md. The first rule whose `from`
// matches a file applies.
const GENERATED = /^lib\/generated\//
const PLATFORM = /^lib\/(platform|generated)\//
const PROTOCOL = /^lib\/chatkit\/protocol\//
const CLIENT = /^lib\/chatkit\/client\//
/** Of the platform the only file for browsers too: it needs nothing but its parser. */
const SENT_EVENTS = /^lib\/platform\/http\/sent-events\.ts$/
/** What server and browser share to say sentences: it needs nothing but types. */
const TRANSLATE = /^lib\/platform\/language\/translate\.ts$/
const APPLY_UPDATE = 'lib/chatkit/protocol/apply-update.ts'
const SERVER = /^lib\/chatkit\//
const DATA = /^lib\/data\//
const AUTH = /^lib\/auth\//
/**
 * The platform files that the ChatKit server may import, so that it can be lifted out of this
 * product.
 */
const LIFTED = /^lib\/platform\/(errors|ids|page|http\/sse|text\/[\w-]+)\.ts$/

const TABLE: { room: string; from: RegExp; may: RegExp[]; packages?: { never: RegExp } }[] = [
  { room: 'lib/platform', from: PLATFORM, may: [PLATFORM] },
  { room: 'lib/chatkit/protocol', from: PROTOCOL, may: [PROTOCOL, LIFTED], packages: { never: /^(?!zod$)/ } },
  {
    room: 'lib/chatkit/client',
    from: CLIENT,
    may: [CLIENT, PROTOCOL, SENT_EVENTS],
    packages: { never: /./ },
  },
  {
    room: 'lib/chatkit/server',
    from: SERVER,
    may: [SERVER, LIFTED],
    packages: { never: /^(next|next-auth|@prisma|@openai\/agents|openai|react|pg)\b/ },
  },
  {
    room: 'lib/chatkit-element',
    from: /^lib\/chatkit-element\//,
    may: [/^lib\/chatkit-element\//, CLIENT, PROTOCOL],
    packages: { never: /^(next|next-auth|@prisma|@openai\/agents|openai|react|react-dom|pg|node:.*)(\/|$)/ },
  },
  { room: 'lib/data', from: DATA, may: [PLATFORM, DATA, PROTOCOL] },
  { room: 'lib/auth', from: AUTH, may: [PLATFORM, DATA, AUTH] },
  { room: 'lib/runs', from: /^lib\/runs\//, may: [PLATFORM, DATA, AUTH, SERVER, /^lib\/runs\//] },
  { room: 'lib/mcp-client', from: /^lib\/mcp-client\//, may: [PLATFORM, DATA, AUTH, /^lib\/mcp-client\//] },
  {
    room: 'lib/agent',
    from: /^lib\/agent\//,
    // Of the runs the agent knows only what it reports to, a type.
    may: [PLATFORM, DATA, AUTH, SERVER, /^lib\/mcp-client\//, /^lib\/agent\//, /^lib\/runs\/run-handle\.ts$/],
  },
  { room: 'mcp', from: /^mcp\//, may: [PLATFORM, DATA, AUTH, /^mcp\//] },
  {
    room: 'app',
    from: /^(app\/|proxy\.ts|instrumentation\.ts)/,
    may: [PLATFORM, DATA, AUTH, SERVER, /^lib\/(runs|agent|mcp-client)\//, /^mcp\/endpoint\.ts$/, /^app\//],
  },
]

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

type Import = { target: string; typeOnly: boolean; internal: boolean }

function importsOf(file: string): Import[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(IMPORT)].map(([, typeOnly, fixed, dynamic]) => {
    const name = fixed ?? dynamic ?? ''
    if (name.startsWith('#')) return { target: name.slice(1), typeOnly: Boolean(typeOnly), internal: true }
    if (name.startsWith('.'))
      return {
        target: path.normalize(path.join(path.dirname(file), name)),
        typeOnly: Boolean(typeOnly),
        internal: true,
      }
    return { target: name, typeOnly: Boolean(typeOnly), internal: false }
  })
}

const files = globSync(['app/**/*.{ts,tsx}', 'lib/**/*.{ts,tsx}', 'mcp/**/*.ts', 'proxy.ts', 'instrumentation.ts'])
  .filter((file) => !GENERATED.test(file))
  .sort()
const isClient = (file: string) => /^\s*(\/\*[\s\S]*?\*\/\s*)?['"]use client['"]/.test(readFileSync(file, 'utf8'))

test('every room imports only what the table allows', () => {
  const broken = files.flatMap((file) => {
    const rule = TABLE.find(({ from }) => from.test(file))
    if (!rule) return [`${file} is in no room of the table`]
    return importsOf(file)
      .filter(({ target, internal }) =>
        internal
          ? !/\.css$/.test(target) && !rule.may.some((may) => may.test(target))
          : rule.packages?.never.test(target),
      )
      .map(({ target }) => `${file} (${rule.room}) imports ${target}`)
  })
  expect(broken).toEqual([])
})

test('no files import each other in a circle, not even types', () => {
  expect(findCircles(files, (file) => file)).toEqual([])
})

test('no inner rooms import each other in a circle, not even types', () => {
  // Files at the top of a room count as rooms of their own, between the inner ones.
  const inner = files.filter((file) => /^(lib|mcp)\//.test(file))
  const roomOf = (file: string) => /^(lib\/[^/]+\/[^/]+|mcp\/[^/]+)\//.exec(file)?.[1] ?? file
  expect(findCircles(inner, roomOf)).toEqual([])
})

test('no folder has too many files', () => {
  const all = globSync(['{app,lib,mcp,scripts,bench,tests}/**/*.{ts,tsx}']).filter((file) => !GENERATED.test(file))
  const counts = Map.groupBy(all, path.dirname)
  const limit = (folder: string) => (/^tests\/|\/(tools|locales)$/.test(folder) ? 20 : 15)
  const crowded = [...counts]
    .filter(([folder, { length }]) => length > limit(folder))
    .map(([folder, { length }]) => `${folder}: ${length}`)
  expect(crowded).toEqual([])
})

// Tables of words: to cut one in two would hide nothing and make nothing easier to find.
const TABLES: Record<string, string> = {
  'lib/data/runs/run-failures.ts': 'the failure classes of runs, each with its texts',
}

test('no file is too long, but for tables of words', () => {
  const LOCALES = /^lib\/chatkit-element\/locales\/|^app\/.*\/sentences\//
  const long = files.filter((file) => !LOCALES.test(file) && readFileSync(file, 'utf8').split('\n').length - 1 > 250)
  expect(long).toEqual(Object.keys(TABLES))
})

test('no two files share a name, but for those that Next names', () => {
  const NAMED_BY_NEXT = /^(page|route|layout|actions|not-found)$/
  const byName = Map.groupBy(files, (file) => path.basename(file).replace(/\.tsx?$/, ''))
  expect([...byName].filter(([name, same]) => same.length > 1 && !NAMED_BY_NEXT.test(name))).toEqual([])
})

test('the element and its client import only types and apply-update from the protocol, which imports no package', () => {
  const broken = files
    .filter((file) => file.startsWith('lib/chatkit-element/') || CLIENT.test(file))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ target, typeOnly }) => PROTOCOL.test(target) && target !== APPLY_UPDATE && !typeOnly)
        .map(({ target }) => `${file} imports ${target}`),
    )
  expect(broken).toEqual([])
  expect(importsOf(APPLY_UPDATE).filter(({ typeOnly }) => !typeOnly)).toEqual([])
  expect(importsOf('lib/platform/http/sent-events.ts').map(({ target }) => target)).toEqual(['eventsource-parser'])
})

test('no server file reaches a client bundle', () => {
  const rooms = [/^app\//, PROTOCOL, CLIENT, SENT_EVENTS, TRANSLATE, /\.css$/]
  const clientSafe = (target: string) => rooms.some((room) => room.test(target))
  const reached = new Set(files.filter(isClient))
  const broken: string[] = []
  for (const file of reached) {
    for (const { target, typeOnly, internal } of importsOf(file)) {
      if (typeOnly || !internal) continue
      if (!clientSafe(target)) broken.push(`${file} imports ${target}`)
      else if (files.includes(target) && !/^\s*['"]use server['"]/.test(readFileSync(target, 'utf8')))
        reached.add(target)
    }
  }
  expect(reached.size).toBeGreaterThan(0)
  expect(broken).toEqual([])
})

test('only lib/platform/env.ts reads the environment, and only lib/platform/db/db.ts and lib/platform/db/notify.ts create a database client', () => {
  const offenders = (pattern: RegExp, allowed: RegExp) =>
    files.filter((file) => !allowed.test(file) && pattern.test(readFileSync(file, 'utf8')))
  expect(offenders(/process\.env\b/, /^(lib\/platform\/env|instrumentation)\.ts$/)).toEqual([])
  expect(offenders(/new (PrismaClient|PrismaPg|pg\.(Client|Pool))\b/, /^lib\/platform\/db\/(db|notify)\.ts$/)).toEqual(
    [],
  )
})

// Races that are no deadline: between two sources of events, or with a deadline that is moved.
const RACES: Record<string, string> = {
  'app/chat/resumable-fetch.ts': 'in the browser, against a stop',
  'lib/agent/models/openai/guarded-model.ts': 'an idle timeout, which each sign of life moves',
  'lib/agent/stream/side-events.ts': 'two sources of events',
  'lib/mcp-client/tasks/reach-task.ts': 'a result, against the patience of a run, which a question stops',
  'lib/mcp-client/wire/sse-bridge.ts': 'an answer or its first event',
}

test('a wait gets its deadline from lib/platform/deadline.ts alone', () => {
  const racing = files.filter((file) => /Promise\.race\(/.test(readFileSync(file, 'utf8')))
  expect(racing.sort()).toEqual([...Object.keys(RACES), 'lib/platform/deadline.ts'].sort())
})

test('only lib/platform/net/pinned-fetch.ts opens connections to addresses that others name', () => {
  const opening = files.filter((file) => importsOf(file).some(({ target }) => target === 'node:https'))
  expect(opening).toEqual(['lib/platform/net/pinned-fetch.ts'])
})

test('an error is an AppError, with a sentence for the person, or its comment says why not', () => {
  // Browser code cannot import the server's errors.
  const server = files.filter((file) => !/^lib\/(chatkit\/client|chatkit-element)\//.test(file))
  const classes = server.flatMap((file) =>
    [
      ...readFileSync(file, 'utf8').matchAll(
        /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:export )?class (\w+) extends Error\b/g,
      ),
    ].map(([, comment = '', name]) => ({
      name,
      explained: comment.replace(/\s*\n \* /g, ' ').includes('No AppError: '),
    })),
  )
  expect(classes.length).toBeGreaterThan(10)
  expect(classes.filter(({ explained }) => !explained).map(({ name }) => name)).toEqual(['AppError'])
})

test('the list of files that may query across people is short', () => {
  const users = files
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:withSystem|runSystemStatement)(?:<[^()]*>)?\(\s*'([a-z-]+)'/g)].map(
        ([, reason]) => `${reason}: ${file}`,
      ),
    )
    .filter((line, index, all) => all.indexOf(line) === index)
    .sort()
  expect(users).toMatchInlineSnapshot(`
    [
      "admin: lib/data/audit.ts",
      "admin: lib/data/backup-contents.ts",
      "admin: lib/data/chat/feedback.ts",
      "admin: lib/data/people/people.ts",
      "admin: lib/data/people/users.ts",
      "admin: lib/data/runs/lists/call-facets.ts",
      "admin: lib/data/runs/overview/read-overview.ts",
      "admin: lib/data/runs/overview/read-problems.ts",
      "admin: lib/data/runs/questions/call-questions.ts",
      "admin: lib/data/runs/run-list.ts",
      "admin: lib/data/runs/tool-calls.ts",
      "admin: lib/data/runs/usual-times.ts",
      "admin: lib/data/servers/policies.ts",
      "admin: lib/data/usage/export-usage.ts",
      "admin: lib/data/usage/model-requests.ts",
      "admin: lib/data/usage/usage-report.ts",
      "assistants: lib/data/assistants/assistant-versions.ts",
      "assistants: lib/data/assistants/assistants.ts",
      "assistants: lib/data/assistants/organisation.ts",
      "expiry: lib/data/attachments/attachment-expiry.ts",
      "expiry: lib/data/audit.ts",
      "expiry: lib/data/chat/deleted-conversations.ts",
      "expiry: lib/data/chat/temporary-conversations.ts",
      "expiry: lib/data/oauth/oauth-records.ts",
      "expiry: lib/data/people/personal-tokens.ts",
      "expiry: lib/data/runs/approvals/approvals.ts",
      "expiry: lib/data/runs/questions/questions.ts",
      "expiry: lib/data/runs/run-events.ts",
      "expiry: lib/data/shares/shares.ts",
      "models: lib/data/models/model-providers.ts",
      "models: lib/data/models/offered-models.ts",
      "models: lib/data/models/stored-models.ts",
      "recovery: lib/data/chat/waiting/due-messages.ts",
      "recovery: lib/data/people/one-time-codes.ts",
      "recovery: lib/data/people/users.ts",
      "recovery: lib/data/runs/ledger.ts",
      "recovery: lib/data/runs/runs.ts",
      "recovery: lib/data/runs/stale-runs.ts",
      "runs: lib/data/runs/run-events.ts",
      "runs: lib/data/runs/tasks/lease-due-tasks.ts",
      "shares: lib/data/shares/shares.ts",
      "sign-in: lib/data/audit.ts",
      "sign-in: lib/data/people/create-account.ts",
      "sign-in: lib/data/people/identities.ts",
      "sign-in: lib/data/people/users.ts",
      "tokens: lib/data/oauth/oauth-clients.ts",
      "tokens: lib/data/oauth/oauth-grants.ts",
      "tokens: lib/data/oauth/oauth-records.ts",
      "tokens: lib/data/oauth/refresh-tokens.ts",
      "tokens: lib/data/oauth/stored-keys.ts",
      "tokens: lib/data/people/personal-tokens.ts",
      "tool-servers: lib/data/servers/client-issuers.ts",
      "tool-servers: lib/data/servers/model-limits.ts",
      "tool-servers: lib/data/servers/server-accounts.ts",
      "tool-servers: lib/data/servers/servers.ts",
      "tool-servers: lib/data/servers/tool-pins.ts",
      "tool-servers: lib/data/servers/tool-refusals.ts",
      "usage: lib/data/usage/limits-in-force.ts",
      "usage: lib/data/usage/model-requests.ts",
      "usage: lib/data/usage/old-requests.ts",
      "usage: lib/data/usage/reserve-request.ts",
      "usage: lib/data/usage/usage-limits.ts",
    ]
  `)
})

/**
 * Groups of nodes that reach each other by imports (Tarjan). A node is a file, or what `nodeOf`
 * makes of it.
 */
function findCircles(all: string[], nodeOf: (file: string) => string): string[][] {
  const known = new Set(all)
  const edges = new Map<string, Set<string>>()
  for (const file of all) {
    const from = nodeOf(file)
    const to = edges.get(from) ?? new Set()
    edges.set(from, to)
    for (const { target } of importsOf(file)) if (known.has(target) && nodeOf(target) !== from) to.add(nodeOf(target))
  }
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (node: string) => {
    index.set(node, index.size)
    low.set(node, index.get(node) ?? 0)
    stack.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(node) !== index.get(node)) return
    const circle = stack.splice(stack.indexOf(node))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const node of edges.keys()) if (!index.has(node)) visit(node)
  return circles
}
