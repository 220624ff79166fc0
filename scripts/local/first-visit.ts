/**
 * A browser's cookies and the few actions we need, without a browser: for the Dockerfile walk and
 * the benchmark.
 */
export type Visitor = { url: string; cookies: Map<string, string> }

/** One turn: its events, and the time (ms) from the request to the first delta. */
export type Turn = { events: Record<string, unknown>[]; firstDeltaMs: number }

const PERSON = { name: 'First Visitor', email: 'first@example.com', password: 'a long walk through the house' }
const TURN_MS = 60_000

/**
 * Creates the first account, with the set-up code from the log if the server asks for one, and
 * signs in.
 */
export async function makeFirstAccount(url: string, logs: () => string): Promise<Visitor> {
  const visitor: Visitor = { url, cookies: new Map() }
  const setup_code = /enter the set-up code ([0-9A-Z-]+)/.exec(logs())?.[1] ?? ''
  await expectOk(visitor, '/api/auth/sign-up', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...PERSON, setup_code }),
  })
  const { csrfToken } = (await (await expectOk(visitor, '/api/auth/csrf')).json()) as { csrfToken: string }
  const form = new URLSearchParams({ csrfToken, email: PERSON.email, password: PERSON.password, json: 'true' })
  await expectOk(visitor, '/api/auth/callback/credentials', { method: 'POST', body: form })
  return visitor
}

/** Creates a personal token with every permission on tasks and notes, as the settings page does. */
export async function makePersonalToken(visitor: Visitor): Promise<string> {
  const answer = await expectOk(visitor, '/api/me/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'Benchmark',
      scopes: ['tasks:read', 'tasks:write', 'notes:read', 'notes:write'],
      expires_in_days: 1,
    }),
  })
  return ((await answer.json()) as { token: string }).token
}

/** Asks in a new thread and reads the answer to its end. Throws if the answer is an error. */
export async function ask(visitor: Visitor, text: string): Promise<Turn> {
  const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} }
  const began = performance.now()
  const answer = await expectOk(visitor, '/api/chatkit', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'threads.create', params: { input }, metadata: {} }),
    signal: AbortSignal.timeout(TURN_MS),
  })
  const turn: Turn = { events: [], firstDeltaMs: Number.NaN }
  for await (const event of readEvents(answer)) {
    turn.events.push(event)
    if (event.type === 'error') throw new Error(`The chat turn failed: ${JSON.stringify(event)}`)
    if (Number.isNaN(turn.firstDeltaMs) && JSON.stringify(event).includes('text_delta'))
      turn.firstDeltaMs = performance.now() - began
  }
  return turn
}

async function* readEvents(answer: Response): AsyncGenerator<Record<string, unknown>> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice(6))
  }
}

/**
 * Sends a request with the visitor's cookies and stores new ones. Throws if the answer is not a
 * success.
 */
export async function expectOk(visitor: Visitor, path: string, init: RequestInit = {}): Promise<Response> {
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await fetch(`${visitor.url}${path}`, {
    signal: AbortSignal.timeout(30_000),
    ...init,
    headers: { ...init.headers, cookie },
  })
  for (const line of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    visitor.cookies.set(name, value)
  }
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return answer
}
