import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { GET } from '#app/api/metrics/route.ts'
import { route } from '#lib/auth/route.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { ROOT } from '#scripts/build-freshness.ts'
import { withSettings } from '#tests/support/settings.ts'

// The alerts and the board name what the product counts, and each number is there before anything happened.

const TOKEN = 'a token of the monitoring'
const read = (file: string) => readFileSync(path.join(ROOT, 'deploy/monitoring', file), 'utf8')
const scrape = async () => {
  withSettings({ METRICS_TOKEN: TOKEN })
  const answer = await GET(
    new Request('http://127.0.0.1:3999/api/metrics', { headers: { authorization: `Bearer ${TOKEN}` } }),
  )
  return answer.text()
}
const alerts = (
  parse(read('alerts.yml')) as { groups: { rules: { alert: string; expr: string; annotations: object }[] }[] }
).groups.flatMap(({ rules }) => rules)
const board = JSON.parse(read('grafana/boards/switchboard.json')) as { panels: { targets: { expr: string }[] }[] }

test('every metric and label of an alert or a panel exists in a process that has just begun', async () => {
  const text = await scrape()
  const declared = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type] as const),
  )
  const expressions = [...alerts, ...board.panels.flatMap(({ targets }) => targets)].map(({ expr }) => expr)
  const named = new Set(expressions.flatMap((expr) => expr.match(/\b(?:switchboard|nodejs|process)_[a-z0-9_]+/g) ?? []))
  expect(named.size).toBeGreaterThan(15)
  const missing = [...named].filter((name) => {
    const base = name.replace(/_bucket$/, '')
    return !declared.has(name) && declared.get(base) !== 'histogram'
  })
  expect(missing).toEqual([])
  for (const { alert, annotations } of alerts)
    expect([alert, Object.keys(annotations)]).toEqual([alert, ['summary', 'action']])
})

test('what never happened counts from zero, so that an alert sees the first time', async () => {
  const text = await scrape()
  for (const line of [
    'switchboard_runs_total{status="interrupted",failure_class="replica_died"} 0',
    'switchboard_tool_calls_total{server="switchboard",status="failed",failure_class="outcome_unknown"} 0',
    'switchboard_tool_server_up{server="switchboard"} 1',
    'switchboard_sign_ins_refused_total{reason="CredentialsSignin"} 0',
    'switchboard_live_runs 0',
    'switchboard_open_streams 0',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text).toMatch(/^switchboard_database_connections\{state="waiting"\} 0$/m)
  for (const reason of ['CredentialsSignin', 'CredentialsSignin'] as const) new SignInRefused(reason)
  expect(await scrape()).toContain('switchboard_sign_ins_refused_total{reason="CredentialsSignin"} 2')
})

test('requests count by route, whose variable parts never become labels, and there are few of them', async () => {
  const GET_FILE = route({ session: 'none', params: ['id'] }, async () => jsonResponse({}))
  const ask = (pathname: string, params: Record<string, string>) =>
    GET_FILE(new Request(`http://127.0.0.1:3999${pathname}`), { params: Promise.resolve(params) } as never)
  await ask('/api/attachments/atc_secret', { id: 'atc_secret' })
  await ask('/api/attachments/a%20b', { id: 'a b' })
  const text = await scrape()
  expect(text).toContain('switchboard_http_requests_total{route="/api/attachments/[id]",method="GET",status="200"} 2')
  expect(text).not.toContain('atc_secret')
  for (let n = 0; n < 300; n++) await ask(`/api/unknown-${n}`, {})
  expect(await scrape()).toMatch(/switchboard_http_requests_total\{route="other",method="GET",status="200"\} \d{2,}/)
})
