import { beforeAll, expect, test, vi } from 'vitest'
import AdminPage from '#app/admin/page.tsx'
import PeoplePage from '#app/admin/people/page.tsx'
import RunsPage from '#app/admin/runs/page.tsx'
import { parseRunQuery, toRunFilter } from '#app/admin/runs/run-query.ts'
import ToolCallsPage from '#app/admin/tool-calls/page.tsx'
import { parseToolCallQuery, toLedgerFilter } from '#app/admin/tool-calls/tool-call-query.ts'
import { countRuns } from '#lib/data/runs/run-list.ts'
import { countToolCalls } from '#lib/data/runs/tool-calls.ts'
import { env } from '#lib/platform/env.ts'
import { seedDatabase } from '#scripts/seed/seed-database.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { renderPage } from '#tests/support/render-page.ts'

let browser = new Headers()
vi.mock('next/headers.js', () => ({ headers: async () => browser }))
vi.mock('next/cache', () => ({ revalidatePath: () => {} }))
vi.mock('next/navigation', async (original) => ({
  ...(await original<object>()),
  useRouter: () => ({ push: () => {}, refresh: () => {} }),
}))

beforeAll(async () => {
  await seedDatabase(env().DATABASE_URL, 3_000)
  browser = new Headers((await signedIn({ role: 'admin' })).headers)
})

type Page = (props: { searchParams: Promise<Record<string, unknown>> }) => Promise<React.ReactNode>
const LISTS: Record<string, Page> = {
  '/admin/tool-calls': ToolCallsPage,
  '/admin/runs': RunsPage,
  '/admin/people': PeoplePage,
}
const open = async (page: Page, query: string) =>
  renderPage(await page({ searchParams: Promise.resolve(Object.fromEntries(new URLSearchParams(query))) }))

type Found = { href: string; figure: string; of: string }

/** Every number of the page that leads to a list. */
function listFigures(html: string): Found[] {
  return [...html.matchAll(/<a [^>]*data-figure[^>]*>/g)].map(([tag]) => {
    const attribute = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&') ?? ''
    return { href: attribute('href'), figure: attribute('data-figure'), of: attribute('data-of') }
  })
}

const walked = new Set<string>()
const shapes = new Set<string>()

/** What the list of an address counts, in words of its page where no such list was rendered yet. */
async function readTotal({ href, of }: Found): Promise<string> {
  const [path = '', filters = ''] = href.split('?')
  const shape = `${path} ${of} ${[...new URLSearchParams(filters).keys()]}`
  const params = Object.fromEntries(new URLSearchParams(filters))
  if (shapes.has(shape) && path === '/admin/tool-calls')
    return String((await countToolCalls({ admin: true }, toLedgerFilter(parseToolCallQuery(params)))).calls)
  if (shapes.has(shape) && path === '/admin/runs') {
    const { runs, tokens, costMicros } = await countRuns(toRunFilter(parseRunQuery(params)))
    return String({ total: runs, tokens, cost: costMicros }[of])
  }
  shapes.add(shape)
  // A list without rows says so instead of a total.
  return new RegExp(`data-${of}="(\\d+)"`).exec(await open(LISTS[path] as Page, filters))?.[1] ?? '0'
}

test.each([
  'range=1h&by=server',
  'range=24h&by=client',
  'range=7d&by=tool',
  'range=30d&by=model',
  'range=90d&by=assistant',
  'by=nonsense&range=nonsense',
])('every number of the overview is the total of the list that it leads to: %s', async (query) => {
  const figures = listFigures(await open(AdminPage, query))
  expect(figures.length).toBeGreaterThan(15)
  for (const { href, figure, of } of figures) {
    if (walked.has(`${href} ${of} ${figure}`)) continue
    walked.add(`${href} ${of} ${figure}`)
    const total = await readTotal({ href, figure, of })
    expect(`${href} ${of} ${total}`).toBe(`${href} ${of} ${figure}`)
  }
})

test('what is broken stands first, and a part of the chart can be looked at more closely', async () => {
  const html = await open(AdminPage, '')
  expect(html).toContain('Calls of the server crm fail more than usual')
  expect(html.indexOf('fail more than usual')).toBeLessThan(html.indexOf('Tool calls over time'))
  const zoom = /href="\/admin\?(from=[^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect(zoom).not.toBe('')
  const closer = await open(AdminPage, zoom)
  expect(closer).toContain('Tool calls over time')
  expect(closer).not.toContain('aria-current="page">Last')
})
