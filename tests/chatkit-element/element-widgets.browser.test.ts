import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { layOutChart } from '#lib/chatkit-element/views/charts/chart-layout.ts'
import { withFormValues } from '#lib/chatkit-element/views/items/form-values.ts'
import { elementBrowser, say, seen, violations } from '#tests/support/element/element-browser.ts'
import type { Run } from '#tests/support/element/fake-chatkit.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
/** What the answer to an action waits for. */
let gate: Promise<void> | null = null
beforeAll(async () => {
  stage = await elementBrowser(answer)
})
afterAll(() => stage?.close())
afterEach(async () => {
  gate = null
  await stage.leave()
})

const cell = (value: string) => ({ type: 'Table.Cell', children: [{ type: 'Text', value }] })
const countries = Array.from({ length: 20 }, (_, at) => ({ value: `c${at}`, label: `Country ${at}` }))
const WIDGETS: Record<string, object> = {
  form: {
    type: 'Card',
    asForm: true,
    confirm: { label: 'Create', action: { type: 'create', payload: { id: 7, event: { kind: 'lunch' } } } },
    cancel: { label: 'Discard', action: { type: 'discard', streaming: false } },
    children: [
      { type: 'Label', value: 'Title', fieldName: 'event.title' },
      { type: 'Input', name: 'event.title', required: true },
      { type: 'Input', name: 'id', ariaLabel: 'Number', defaultValue: '8' },
      { type: 'DatePicker', name: 'day', defaultValue: '2026-03-04T10:00:00Z', min: '2026-01-01T00:00:00Z' },
      {
        type: 'Select',
        name: 'country',
        options: countries,
        placeholder: 'Country',
        onChangeAction: { type: 'moved', streaming: false },
      },
      { type: 'Checkbox', name: 'remind', label: 'Remind me' },
    ],
  },
  buttons: {
    type: 'Card',
    children: [
      { type: 'Button', label: 'Self', onClickAction: { type: 'self', streaming: false } },
      { type: 'Button', label: 'Quiet', onClickAction: { type: 'quiet', streaming: false, loadingBehavior: 'none' } },
      {
        type: 'Button',
        label: 'Whole',
        onClickAction: { type: 'whole', streaming: false, loadingBehavior: 'container' },
      },
    ],
  },
  shown: {
    type: 'Card',
    status: { text: 'Sales', icon: 'chart' },
    children: [
      {
        type: 'Chart',
        xAxis: 'month',
        showYAxis: true,
        series: [
          { type: 'bar', dataKey: 'sales', label: 'Sales' },
          { type: 'line', dataKey: 'costs', label: 'Costs' },
        ],
        data: [
          { month: 'Jan', sales: 1200, costs: 900 },
          { month: 'Feb', sales: 1500, costs: 700 },
        ],
      },
      {
        type: 'Table',
        children: [
          { type: 'Table.Row', header: true, children: [cell('Product'), cell('Sold')] },
          { type: 'Table.Row', children: [cell('Milk'), cell('120')] },
        ],
      },
      { type: 'Transition', children: { type: 'Text', value: 'Softly' } },
    ],
  },
}

async function answer(run: Run, text: string): Promise<void> {
  const widget = WIDGETS[text]
  const at = { thread_id: run.thread.id, created_at: new Date().toISOString() }
  if (widget) return run.send({ type: 'thread.item.done', item: { type: 'widget', id: `w_${run.id}`, ...at, widget } })
  if (text === 'steps') {
    const task = (title: string, more: object) => ({ type: 'custom', status_indicator: 'complete', title, ...more })
    const workflow = (id: string, tasks: object[]) => ({
      type: 'thread.item.done',
      item: {
        type: 'workflow',
        id,
        ...at,
        workflow: { type: 'custom', expanded: false, summary: { duration: 0 }, tasks },
      },
    })
    run.send(workflow('wf_good', [task('find_tasks', { content: '(0.2 s)' })]))
    run.send(
      workflow('wf_bad', [
        task('send_mail', { icon: 'lucide:circle-alert', content: 'Failed (0.3 s): The mail server did not answer.' }),
      ]),
    )
  }
  await gate
  const content = [{ type: 'output_text', text: `Acted: ${text}`, annotations: [] }]
  run.send({ type: 'thread.item.done', item: { type: 'assistant_message', id: `a_${run.id}`, ...at, content } })
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const errors = async (page: Page) =>
  (await seen(page)).flatMap(({ name, detail }) => (name === 'error' ? [detail] : []))

test('a form validates, nests dotted names, and never overrides values that the server set', async () => {
  const page = await stage.visit()
  await say(page, 'form')
  const title = page.getByLabel('Title')
  await button(page, 'Create').click()
  expect(await title.evaluate((field: HTMLInputElement) => field.validity.valueMissing)).toBe(true)
  expect(stage.sent('threads.custom_action')).toHaveLength(0)
  await title.fill('Pizza')
  await page.getByRole('combobox').fill('try 13')
  await page.getByRole('option', { name: 'Country 13' }).waitFor()
  expect(await page.getByRole('option').count()).toBe(1)
  await page.keyboard.press('Enter')
  await expect
    .poll(() => stage.sent('threads.sync_custom_action')[0]?.params)
    .toMatchObject({
      action: { type: 'moved', payload: { country: 'c13', event: { title: 'Pizza' } } },
    })
  const held = Promise.withResolvers<void>()
  gate = held.promise
  await page.getByLabel('Remind me').check()
  await title.press('Enter')
  await expect.poll(() => page.locator('.widget').getAttribute('aria-busy')).toBe('true')
  expect(await title.isDisabled(), 'a confirmed card waits as a whole').toBe(true)
  held.resolve()
  await page.getByText('Acted: action').first().waitFor()
  expect(stage.sent('threads.custom_action')).toHaveLength(1)
  expect(stage.sent('threads.custom_action')[0]?.params.action).toEqual({
    type: 'create',
    payload: { id: 7, event: { kind: 'lunch', title: 'Pizza' }, day: '2026-03-04', country: 'c13', remind: true },
  })
  expect(await errors(page)).toContainEqual(expect.stringMatching(/"create" sets these already.*: id\./))
  await title.fill('')
  await button(page, 'Discard').click()
  await expect
    .poll(() => stage.sent('threads.sync_custom_action').at(-1)?.params)
    .toMatchObject({ action: { type: 'discard' } })
})

test('a choice that is made before the next frame is sent with its new value', async () => {
  const page = await stage.visit()
  await say(page, 'form')
  await page.getByRole('combobox').evaluate(async (field: HTMLInputElement) => {
    field.value = 'try 13'
    field.dispatchEvent(new InputEvent('input', { bubbles: true }))
    // The list is drawn in a microtask, the frame comes later: nobody types so fast, but a busy machine is as slow.
    await Promise.resolve()
    await Promise.resolve()
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
  })
  await expect
    .poll(() => stage.sent('threads.sync_custom_action')[0]?.params)
    .toMatchObject({ action: { type: 'moved', payload: { country: 'c13' } } })
})

test('a button shows that it is loading by itself, not at all, or with its whole widget', async () => {
  const page = await stage.visit({}, {})
  await say(page, 'buttons')
  await button(page, 'Self').waitFor()
  const held = Promise.withResolvers<void>()
  await page.route('**/chatkit', async (route) => {
    if (route.request().postData()?.includes('sync_custom_action')) await held.promise
    await route.continue()
  })
  await button(page, 'Quiet').click()
  expect(await button(page, 'Quiet').isEnabled()).toBe(true)
  await button(page, 'Self').click()
  await expect.poll(() => button(page, 'Self').isDisabled()).toBe(true)
  expect(await button(page, 'Self').locator('.spin').count()).toBe(1)
  expect(await button(page, 'Whole').isEnabled()).toBe(true)
  await button(page, 'Whole').click()
  await expect.poll(() => button(page, 'Quiet').isDisabled()).toBe(true)
  held.resolve()
  await expect.poll(() => button(page, 'Self').isEnabled()).toBe(true)
  expect(await button(page, 'Quiet').isEnabled()).toBe(true)
})

test('a chart is drawn and has a table for screen readers, tables have headers, and axe finds no violation', async () => {
  const page = await stage.visit()
  await say(page, 'shown')
  await page.locator('.w-chart svg rect').first().waitFor()
  expect(await page.locator('.w-chart svg rect').count()).toBe(2)
  expect(await page.locator('.w-chart .chart-line').count()).toBe(1)
  expect(await page.getByRole('row', { name: 'Feb 1,500 700' }).count()).toBe(1)
  await page.locator('.w-chart svg').hover({ position: { x: 100, y: 60 } })
  await page.locator('.chart-tip', { hasText: 'Jan' }).getByText('1,200').waitFor()
  expect(await page.getByRole('columnheader', { name: 'Sold' }).count()).toBe(1)
  await page.getByText('Softly').waitFor()
  expect(await violations(page)).toEqual([])
})

test('a failed step is open, red and says so; a step without a duration shows none', async () => {
  const page = await stage.visit()
  await say(page, 'steps')
  await page.getByText('The mail server did not answer.').waitFor()
  const bad = page.locator('.workflow.is-failed')
  expect(await bad.count()).toBe(1)
  expect(await bad.locator('.task-title .sr-only').textContent()).toBe('Failed')
  const red = await bad.locator('.task-title').evaluate((line) => getComputedStyle(line).color)
  expect(red).not.toBe(
    await page
      .locator('.message')
      .first()
      .evaluate((line) => getComputedStyle(line).color),
  )
  expect(await page.locator('.workflow').first().textContent()).toBe('find_tasks')
})

test('form values and chart geometry are computed correctly, even from broken data', () => {
  const { action, dropped } = withFormValues(
    { type: 'a', payload: { todo: { id: 1 }, title: 'set' } },
    { todo: { id: 2, title: 'x' }, title: 'y' },
  )
  expect(action.payload).toEqual({ todo: { id: 1, title: 'x' }, title: 'set' })
  expect(dropped).toEqual(['todo.id', 'title'])
  const frame = { left: 0, top: 0, width: 100, height: 100 }
  const bar = (dataKey: string) => ({ type: 'bar' as const, dataKey, stack: 's' })
  const { bars, ticks } = layOutChart(
    [
      { a: 30, b: 10 },
      { a: -20, b: 20 },
    ],
    [bar('a'), bar('b')],
    frame,
    { bar: 4, category: 10 },
  )
  expect(ticks.map(({ value }) => value)).toEqual([-20, 0, 20, 40])
  expect(bars.map(({ y, height }) => [Math.round(y), Math.round(height)])).toEqual([
    [17, 50],
    [67, 33],
    [0, 17],
    [33, 33],
  ])
  const broken = layOutChart(
    [{ a: 'no number' }],
    [
      { type: 'line', dataKey: 'a' },
      { type: 'area', dataKey: 'missing', curveType: 'step' },
    ],
    frame,
    { bar: 0, category: 0 },
  )
  expect(JSON.stringify(broken)).not.toMatch(/"[xy]":null|NaN/)
  expect(layOutChart([], [], frame, { bar: 4, category: 4 }).bars).toEqual([])
})
