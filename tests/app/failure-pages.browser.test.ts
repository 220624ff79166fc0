import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { shoot, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { jsonAnswer, type RawModel, rawModel } from '#tests/support/models/raw-model.ts'
import { startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { HARMLESS, mcpServer, type TestMcp } from '#tests/support/tool-servers/mcp-server.ts'

// What an admin sees of a failing model in a production build and a real Chromium: overview, list,
// run and the server's page.

const folder = mkdtempSync(path.join(os.tmpdir(), 'switchboard-servers-'))
const unfit = {
  name: 'elsewhere',
  annotations: HARMLESS,
  inputSchema: { type: 'object', properties: { at: { $ref: 'https://example.com/x' } } },
}
const refused = { name: 'disliked', annotations: HARMLESS, inputSchema: { type: 'object', properties: {} } }

let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser
let model: RawModel
let mcp: TestMcp

beforeAll(async () => {
  const real = [unfit, refused].map(({ name }) => ({ name, run: () => 'ran' }))
  mcp = await mcpServer(real, async (request) => {
    if (request.method !== 'POST') return undefined
    const { method, id } = (await request.clone().json()) as { method?: string; id?: unknown }
    if (method !== 'tools/list') return undefined
    return Response.json({
      jsonrpc: '2.0',
      id,
      result: { tools: [unfit, refused], resultType: 'complete', ttlMs: 0, cacheScope: 'private' },
    })
  })
  model = await rawModel(
    jsonAnswer(400, {
      error: {
        message: "Invalid schema for function 'disliked': no.",
        param: 'tools[0].parameters',
        code: 'invalid_function_parameters',
      },
    }),
    jsonAnswer(
      402,
      { error: { message: 'Insufficient credits, Bearer abcdefghijklmnopqrstuvwxyz', code: 402 } },
      { 'x-request-id': 'req_of_the_provider' },
    ),
  )
  const file = path.join(folder, 'servers.json')
  writeFileSync(file, JSON.stringify({ servers: [{ name: 'wiki', url: mcp.url }] }))
  const env = { OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', MCP_BUILTIN: 'off', MCP_SERVERS_FILE: file }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
  await mcp?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('a run that the model failed is reported in the chat, counted on the overview and explained on its page', {
  timeout: 120_000,
}, async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  onTestFailed(() => page.screenshot({ path: 'artifacts/failed-failure-pages.png', fullPage: true }).then(() => {}))
  await page.goto(app.url)
  await signUp(page)
  await page.goto(`${app.url}/admin`)
  await page.getByText('Nothing failed').waitFor()

  await page.goto(`${app.url}/chat`)
  const box = page.getByRole('textbox').first()
  await box.fill('hello')
  await box.press('Enter')
  await page.getByText('has no credit left').waitFor()
  await page.getByText('The tool disliked is left out').waitFor()

  await page.goto(`${app.url}/admin`)
  await page.getByRole('link', { name: '1 failed' }).waitFor()
  await shoot(page, 'overview-failed-runs')
  await page.getByRole('link', { name: /The model’s account has no credit/ }).click()
  await page.waitForURL(/\/admin\/runs\?.*failure=model_payment/)
  await page.getByRole('link', { name: 'Ann Archer' }).click()
  await page.waitForURL(/\/admin\/runs\/run_/)
  await page.getByText('req_of_the_provider').waitFor()
  await page.getByText('Insufficient credits, Bearer [redacted]').waitFor()
  await page.getByText('402', { exact: true }).first().waitFor()
  await page.getByText('Add credit or a payment method').waitFor()
  expect(await page.content()).not.toContain('abcdefghijklmnopqrstuvwxyz')
  await shoot(page, 'run-failed')
  expect(app.logs()).toMatch(
    /"model_status":402.*"model_message":"Insufficient credits, Bearer \[redacted\]".*"model_request_id":"req_of_the_provider"/,
  )

  await page.goto(`${app.url}/admin/servers/${encodeURIComponent('settings:wiki')}`)
  await page.getByRole('heading', { name: 'Left out' }).waitFor()
  await page.getByText('Its schema refers to https://example.com/x, which is not in it.').waitFor()
  await page.getByText("refused it: Invalid schema for function 'disliked': no.").waitFor()
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText('Refused by the model').waitFor()
  await page.getByText('Tools for a model').waitFor()
  await shoot(page, 'server-left-out')
})
