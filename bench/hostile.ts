import { setTimeout as sleep } from 'node:timers/promises'
import { redactText } from '#lib/platform/redaction/redact.ts'
import { ask, expectOk, type Visitor } from '#scripts/local/first-visit.ts'
import type { OpenAIServer } from '#tests/support/models/openai-server.ts'
import { mcpServer, type TestMcp } from '#tests/support/tool-servers/mcp-server.ts'
import { watchEventLoop } from './event-loop.ts'

/** The longest time (ms) for which an accepted body may block all other requests. */
const LIMIT_MS = 50
const ROUNDS = 8
const SETTLE_MS = 100

const many = (count: number, value: string) => Array.from({ length: count }, () => value)
const list = (count: number, json: string) => `[${many(count, json).join(',')}]`
const keys = (count: number) => `{${Array.from({ length: count }, (_, at) => `"k${at}":${at}`).join(',')}}`
const text = (bytes: number, unit: string) => JSON.stringify(unit.repeat(Math.floor(bytes / unit.length)))
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** Replacements for a JSON value: some as large as the limits (`bytes`, `values`), some larger. */
const hostileJson = (bytes: number, values: number): Record<string, string> => ({
  'texts that begin like JSON': list(Math.min(values - 100, Math.floor(bytes / 4)), '"{"'),
  'texts that look like JSON': list(Math.min(values - 100, Math.floor(bytes / 12)), String.raw`"{\"a\":\"b\""`),
  'one text of addresses': text(bytes, 'a://b:c'),
  'one text of names': text(bytes, 'password: session='),
  'one text of headers': text(bytes, 'Cookie: x'),
  'one text of quotes': text(bytes / 2, '"'),
  'one text of blanks': text(bytes, ' '),
  'one text of tokens': text(bytes, 'eyJaaaaaaaa-'),
  'many names': keys(Math.min(values - 100, Math.floor(bytes / 14))),
  'many pairs': list(Math.min(Math.floor(values / 4), Math.floor(bytes / 32)), '{"name":"a","value":"b"}'),
  'deep lists': nested(50),
  'too many values': list(200_000, '"{"'),
  'too deep': nested(100_000),
})

type Door = [name: string, knock: () => Promise<unknown>]

/** A tool server that answers with the raw bytes that `kind` names, which no SDK would write. */
export async function hostileTools(): Promise<TestMcp> {
  const answers = hostileAnswers()
  return mcpServer([{ name: 'get', annotations: { readOnlyHint: true }, run: () => 'never' }], async (request) => {
    if (request.method !== 'POST') return undefined
    const { id, method, params } = (await request.clone().json()) as {
      id: unknown
      method: string
      params?: { arguments?: { kind?: string } }
    }
    const body = method === 'tools/call' ? answers[params?.arguments?.kind ?? ''] : undefined
    if (body === undefined) return undefined
    return new Response(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${body}}`, {
      headers: { 'content-type': 'application/json' },
    })
  })
}

function hostileAnswers(): Record<string, string> {
  const inText = Object.entries(hostileJson(1_200_000, 90_000)).map(([name, json]) => [
    name,
    `{"content":[{"type":"text","text":${JSON.stringify(json)}}]}`,
  ])
  const structured = Object.entries(hostileJson(1_200_000, 90_000)).map(([name, json]) => [
    `${name}, structured`,
    `{"content":[{"type":"text","text":"x"}],"structuredContent":{"x":${json}}}`,
  ])
  const failed = Object.entries(hostileJson(1_200_000, 90_000)).map(([name, json]) => [
    `${name}, as an error`,
    `{"isError":true,"content":[{"type":"text","text":${JSON.stringify(json)}}]}`,
  ])
  return {
    ...Object.fromEntries([...inText, ...structured, ...failed]),
    'many parts': `{"content":${list(20_000, '{"type":"text","text":"{"}')}}`,
    'many parts, as an error': `{"isError":true,"content":${list(20_000, '{"type":"text","text":"password: x"}')}}`,
    'many parts of no known type': `{"content":${list(20_000, '{"type":"x"}')}}`,
    '10 MB of text': `{"content":[{"type":"text","text":${text(10_000_000, 'lorem ipsum ')}}]}`,
  }
}

/**
 * Sends the worst kinds of bodies to each endpoint of the running product, and as a tool server's
 * answers. Prints how long (ms) each blocked the event loop: the minimum of eight rounds, because
 * other work on the machine only adds to it. Exits with an error above 50 ms.
 */
export async function benchHostile({
  visitor,
  token,
  model,
  inspectPort,
}: {
  visitor: Visitor
  token: string
  model: OpenAIServer
  inspectPort: number
}): Promise<Record<string, number>> {
  using loop = await watchEventLoop(inspectPort)
  const slow: string[] = []
  const idle = await least(() => loop.longestDelay(() => sleep(SETTLE_MS)))
  console.log(`${idle.toFixed(0).padStart(6)} ms  nothing at all`)
  for (const [name, knock] of [
    ...chatDoors(visitor),
    ...mcpDoors(visitor.url, token),
    ...otherDoors(visitor),
    ...toolDoors(visitor, model),
  ]) {
    const delay = await least(() =>
      loop.longestDelay(async () => {
        await knock()
        await sleep(SETTLE_MS)
      }),
    )
    console.log(`${delay.toFixed(0).padStart(6)} ms  ${name}`)
    if (delay > LIMIT_MS) slow.push(`${name}: ${delay.toFixed(0)} ms`)
  }
  if (slow.length > 0) {
    console.error(`Longer than ${LIMIT_MS} ms:\n${slow.join('\n')}`)
    process.exitCode = 1
  }
  return { 'hostile: redaction of eight times the text / eight times the time, at worst': redactionGrowth() }
}

async function least(measure: () => Promise<number>): Promise<number> {
  let delay = Number.POSITIVE_INFINITY
  // Another round adds nothing if the result is well below the limit.
  for (let round = 0; round < ROUNDS && delay > LIMIT_MS / 2; round += 1) delay = Math.min(delay, await measure())
  return delay
}

function chatDoors(visitor: Visitor): Door[] {
  const post = (body: string) => send(visitor, '/api/chatkit', body, 'application/json')
  const thread = '"thread_id":"thr_none"'
  const content = (json: string) => `{"content":[{"type":"input_tag","id":"t","text":"t","data":{"x":${json}}}]}`
  const forms: Record<string, (json: string) => string> = {
    'threads.list': (json) => `{"type":"threads.list","params":{"x":${json}}}`,
    'threads.create': (json) => `{"type":"threads.create","params":{"input":${content(json)}}}`,
    'threads.add_client_tool_output': (json) =>
      `{"type":"threads.add_client_tool_output","params":{${thread},"result":${json}}}`,
    'threads.add_structured_input': (json) =>
      `{"type":"threads.add_structured_input","params":{${thread},"item_id":"i","input":{"answers":{"a":{"values":${json}}}}}}`,
    'threads.custom_action': (json) =>
      `{"type":"threads.custom_action","params":{${thread},"action":{"type":"x","payload":${json}}}}`,
    'items.feedback': (json) => `{"type":"items.feedback","params":{${thread},"kind":"positive","item_ids":${json}}}`,
  }
  const doors = Object.entries(forms).flatMap(([operation, form]) =>
    Object.entries(hostileJson(900_000, 19_000)).map(
      ([name, json]): Door => [`chat, ${operation}: ${name}`, () => post(form(json))],
    ),
  )
  const speech = `{"type":"input.transcribe","params":{"mime_type":"audio/webm","audio_base64":"${'AAAA'.repeat(1_480_000)}"}}`
  return [
    ...doors,
    ['chat, input.transcribe: 5.9 MB of speech', () => post(speech)],
    ['chat: 5.9 MB of blanks', () => post(' '.repeat(5_900_000))],
  ]
}

function mcpDoors(url: string, token: string): Door[] {
  const rpc = (method: string, params: string) =>
    fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`,
    }).then((answer) => answer.text())
  return Object.entries(hostileJson(1_000_000, 19_000)).flatMap(([name, json]): Door[] => [
    [`/mcp, tools/call: ${name}`, () => rpc('tools/call', `{"name":"whoami","arguments":{"x":${json}}}`)],
    [
      `/mcp, a tool that writes: ${name}`,
      () =>
        rpc('tools/call', `{"name":"add_task","arguments":{"title":${json},"x":${json.length < 500_000 ? json : 1}}}`),
    ],
    [`/mcp, tool name: ${name}`, () => rpc('tools/call', `{"name":${json}}`)],
    [
      `/mcp, completion: ${name}`,
      () =>
        rpc('completion/complete', `{"ref":{"type":"ref/prompt","name":"x"},"argument":{"name":"a","value":${json}}}`),
    ],
    [
      `/mcp, client information: ${name}`,
      () => rpc('initialize', `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":${json}}`),
    ],
  ])
}

function otherDoors(visitor: Visitor): Door[] {
  const form = 'application/x-www-form-urlencoded'
  const small = Object.entries(hostileJson(15_000, 3_000)).filter(([, json]) => json.length < 16_000)
  const doors = small.flatMap(([name, json]): Door[] => [
    [
      `/oauth/register: ${name}`,
      () => send(visitor, '/oauth/register', `{"client_name":"x","redirect_uris":${json}}`, 'application/json'),
    ],
    [`/oauth/token: ${name}`, () => send(visitor, '/oauth/token', `grant_type=authorization_code&code=${json}`, form)],
    [
      `/oauth/authorize: ${name}`,
      () => get(visitor, `/oauth/authorize?client_id=${encodeURIComponent(json.slice(0, 2_600))}`),
    ],
    [
      `sign-in: ${name}`,
      () => send(visitor, '/api/auth/callback/credentials', `email=${json}&password=${json}`.slice(0, 16_000), form),
    ],
    [
      `sign-up: ${name}`,
      () => send(visitor, '/api/auth/sign-up', `{"email":${json}}`.slice(0, 8_000), 'application/json'),
    ],
    [
      `a person's settings: ${name}`,
      () => send(visitor, '/api/me', `{"name":${json}}`.slice(0, 4_000), 'application/json', 'PATCH'),
    ],
  ])
  const lines = 'one,two,three\n'.repeat(1_300_000)
  const multipart = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n${lines}\r\n--b--`
  const parts = '--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n\r\n'.repeat(300_000)
  return [
    ...doors,
    [
      'attachments: 18 MB of text in a form',
      () => send(visitor, '/api/attachments', multipart, 'multipart/form-data; boundary=b'),
    ],
    [
      'attachments: a form of 300,000 parts',
      () => send(visitor, '/api/attachments', `${parts}--b--`, 'multipart/form-data; boundary=b'),
    ],
  ]
}

function toolDoors(visitor: Visitor, model: OpenAIServer): Door[] {
  return Object.keys(hostileAnswers()).map(
    (kind): Door => [
      `answer of a tool server: ${kind}`,
      async () => {
        model.script({ calls: [{ name: 'get', arguments: { kind } }] }, { text: 'Done.' })
        await ask(visitor, 'go')
      },
    ],
  )
}

const get = (visitor: Visitor, path: string) => expectOk(visitor, path, { redirect: 'manual' }).catch(() => undefined)

/** Sends a request and reads the answer. Most of these requests are meant to be refused. */
async function send(visitor: Visitor, path: string, body: string, type: string, method = 'POST'): Promise<void> {
  await expectOk(visitor, path, { method, body, headers: { 'content-type': type } })
    .then((answer) => answer.text())
    .catch(() => undefined)
}

/**
 * The worst growth of redaction: the time for eight times the text, divided by eight times the time
 * for the text. About 1 if the time grows linearly.
 */
function redactionGrowth(): number {
  const units = [
    'x',
    'a://b:',
    'eyJaaaaaaaa-',
    'password=',
    'session="a',
    '"password":{',
    '<a ',
    'Cookie: \\',
    'Authorization: \\\\',
    '"',
    '\\"',
    '1 ',
    'key&code=',
  ]
  const timeOf = (subject: string) => {
    const times = Array.from({ length: 5 }, () => {
      const began = performance.now()
      redactText(subject)
      return performance.now() - began
    })
    return Math.min(...times)
  }
  return Math.max(
    ...units.map((unit) => timeOf(unit.repeat(400_000 / unit.length)) / 8 / timeOf(unit.repeat(50_000 / unit.length))),
  )
}
