import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

// Who may import whom: the table of docs/architecture.md. The first rule whose `from` matches a file counts.
const GENERATED = /^lib\/generated\//
const GROUND = /^lib\/(redaction\/)?[^/]+\.ts$|^lib\/generated\//
const APPLY_UPDATE = 'lib/chatkit/protocol/apply-update.ts'
const PROTOCOL = /^lib\/chatkit\/protocol\//
const STORE = /^lib\/chatkit\/store\.ts$/
const AUTH = /^lib\/auth\//
const DATA = /^lib\/data\//

const TABLE: { room: string; from: RegExp; may: RegExp[]; packages?: { never: RegExp } }[] = [
  {
    room: 'lib/chatkit',
    from: /^lib\/chatkit\//,
    may: [/^lib\/chatkit\//, /^lib\/(errors|ids|sse|page)\.ts$/],
    packages: { never: /^(next|next-auth|@prisma|@openai\/agents|openai|react|pg)\b/ },
  },
  {
    room: 'lib/chatkit-element',
    from: /^lib\/chatkit-element\//,
    may: [/^lib\/chatkit-element\//, PROTOCOL],
    packages: { never: /^(next|next-auth|@prisma|@openai\/agents|openai|react|react-dom|pg|node:.*)(\/|$)/ },
  },
  { room: 'lib/auth, lib/data', from: /^lib\/(auth|data)\//, may: [GROUND, AUTH, DATA, PROTOCOL, STORE] },
  { room: 'lib/runs', from: /^lib\/runs\//, may: [GROUND, /^lib\/runs\//, AUTH, DATA, PROTOCOL, /^lib\/chatkit\/(abandoned|store)\.ts$/] },
  { room: 'lib/mcp-client', from: /^lib\/mcp-client\//, may: [GROUND, /^lib\/mcp-client\//, AUTH, DATA] },
  { room: 'lib/agent', from: /^lib\/agent\//, may: [GROUND, /^lib\/agent\//, AUTH, DATA, /^lib\/chatkit\//, /^lib\/mcp-client\//] },
  { room: 'lib ground floor', from: GROUND, may: [GROUND] },
  { room: 'mcp', from: /^mcp\//, may: [GROUND, /^mcp\//, AUTH, DATA] },
  {
    room: 'app',
    from: /^(app\/|proxy\.ts|instrumentation\.ts)/,
    may: [GROUND, /^app\//, /^lib\/(auth|data|chatkit|runs|agent|mcp-client)\//, /^mcp\/http\.ts$/],
  },
]

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

type Import = { target: string; typeOnly: boolean; internal: boolean }

function importsOf(file: string): Import[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(IMPORT)].map(([, typeOnly, fixed, dynamic]) => {
    const name = fixed ?? dynamic ?? ''
    if (name.startsWith('#')) return { target: name.slice(1), typeOnly: Boolean(typeOnly), internal: true }
    if (name.startsWith('.'))
      return { target: path.normalize(path.join(path.dirname(file), name)), typeOnly: Boolean(typeOnly), internal: true }
    return { target: name, typeOnly: Boolean(typeOnly), internal: false }
  })
}

const files = globSync(['app/**/*.{ts,tsx}', 'lib/**/*.{ts,tsx}', 'mcp/**/*.ts', 'proxy.ts', 'instrumentation.ts']).filter(
  (file) => !GENERATED.test(file),
)
const isClient = (file: string) => /^\s*(\/\*[\s\S]*?\*\/\s*)?['"]use client['"]/.test(readFileSync(file, 'utf8'))

test('every room imports only what the table allows', () => {
  const broken = files.flatMap((file) => {
    const rule = TABLE.find(({ from }) => from.test(file))
    if (!rule) return [`${file} is in no room of the table`]
    return importsOf(file)
      .filter(({ target, internal }) =>
        internal ? !/\.css$/.test(target) && !rule.may.some((may) => may.test(target)) : rule.packages?.never.test(target),
      )
      .map(({ target }) => `${file} (${rule.room}) imports ${target}`)
  })
  expect(broken).toEqual([])
})

test('the element takes nothing but types and apply-update from the protocol, which needs no package', () => {
  const broken = files
    .filter((file) => file.startsWith('lib/chatkit-element/'))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ target, typeOnly }) => PROTOCOL.test(target) && target !== APPLY_UPDATE && !typeOnly)
        .map(({ target }) => `${file} imports ${target}`),
    )
  expect(broken).toEqual([])
  expect(importsOf(APPLY_UPDATE).filter(({ typeOnly }) => !typeOnly)).toEqual([])
})

test('no server file reaches a client bundle', () => {
  const clientSafe = (target: string) => /^app\//.test(target) || PROTOCOL.test(target) || /\.css$/.test(target)
  const reached = new Set(files.filter(isClient))
  const broken: string[] = []
  for (const file of reached) {
    for (const { target, typeOnly, internal } of importsOf(file)) {
      if (typeOnly || !internal) continue
      if (!clientSafe(target)) broken.push(`${file} imports ${target}`)
      else if (files.includes(target) && !/^\s*['"]use server['"]/.test(readFileSync(target, 'utf8'))) reached.add(target)
    }
  }
  expect(reached.size).toBeGreaterThan(0)
  expect(broken).toEqual([])
})

test('only lib/env.ts reads the environment, and only lib/db.ts and lib/notify.ts make a database client', () => {
  const offenders = (pattern: RegExp, allowed: RegExp) =>
    files.filter((file) => !allowed.test(file) && pattern.test(readFileSync(file, 'utf8')))
  expect(offenders(/process\.env\b/, /^(lib\/env|instrumentation)\.ts$/)).toEqual([])
  expect(offenders(/new (PrismaClient|PrismaPg|pg\.(Client|Pool))\b/, /^lib\/(db|notify)\.ts$/)).toEqual([])
})

test('who may look across people is a short list', () => {
  const users = files
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:withSystem|systemStatement)(?:<[^()]*>)?\(\s*'([a-z-]+)'/g)].map(
        ([, reason]) => `${reason}: ${file}`,
      ),
    )
    .filter((line, index, all) => all.indexOf(line) === index)
    .sort()
  expect(users).toMatchInlineSnapshot(`
    [
      "admin: lib/data/audit.ts",
      "admin: lib/data/feedback.ts",
      "admin: lib/data/people.ts",
      "admin: lib/data/policies.ts",
      "admin: lib/data/run-list.ts",
      "admin: lib/data/stats.ts",
      "admin: lib/data/threads.ts",
      "admin: lib/data/tool-calls.ts",
      "admin: lib/data/users.ts",
      "expiry: lib/data/approvals.ts",
      "expiry: lib/data/attachment-expiry.ts",
      "expiry: lib/data/oauth-records.ts",
      "expiry: lib/data/run-events.ts",
      "recovery: lib/data/ledger.ts",
      "recovery: lib/data/one-time-codes.ts",
      "recovery: lib/data/runs.ts",
      "recovery: lib/data/stale-runs.ts",
      "recovery: lib/data/users.ts",
      "runs: lib/data/run-events.ts",
      "sign-in: lib/data/audit.ts",
      "sign-in: lib/data/identities.ts",
      "sign-in: lib/data/users.ts",
      "tokens: lib/data/oauth-clients.ts",
      "tokens: lib/data/oauth-grants.ts",
      "tokens: lib/data/oauth-records.ts",
      "tokens: lib/data/personal-tokens.ts",
      "tokens: lib/data/refresh-tokens.ts",
      "tokens: lib/data/signing-keys.ts",
      "tool-servers: lib/data/server-accounts.ts",
      "tool-servers: lib/data/servers.ts",
      "tool-servers: lib/data/tool-pins.ts",
      "tool-servers: lib/data/tool-refusals.ts",
    ]
  `)
})
