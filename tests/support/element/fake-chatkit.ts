import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WORKER_POLICY } from '#lib/platform/http/security-headers.ts'
import type { ElementFiles } from '#scripts/build-element.ts'

type Json = Record<string, unknown>
type Item = Json & { id: string; type: string }
type Stored = {
  id: string
  title?: string
  created_at: string
  status: Json
  allowed_image_domains?: string[]
  items: Item[]
  /** What was left by an edit, behind the item `after`. */
  branches?: { id: string; after: string | undefined; items: Item[] }[]
  /** What waits for the end of an answer. */
  waits?: Waits[]
}
type Waits = { message: Item; is_held: boolean; note?: string }
export type Request = { type: string; params: Json; metadata: Json; headers: IncomingMessage['headers'] }

/**
 * What a scripted answer can do: send events, wait, drop every connection, and know if it was
 * stopped.
 */
export type Run = {
  id: string
  thread: Stored
  send: (event: Json) => void
  pause: (ms: number) => Promise<void>
  stopped: () => boolean
  drop: () => void
}
export type Script = (run: Run, text: string) => Promise<void>

const PAGE =
  '<!doctype html><html lang="en"><head><title>Page</title><link rel="stylesheet" href="/page.css"><meta name="viewport" content="width=device-width,initial-scale=1,interactive-widget=resizes-content"></head><body><main id="app"></main><script src="/chatkit.js"></script><script src="/page.js"></script></body></html>'
const STYLE =
  ':root{color-scheme:light dark}html,body,main{margin:0;height:100%}body{background:light-dark(#fff,#161618)}main>openai-chatkit{height:100dvh}'
/**
 * As strict as a policy can be if the page may still talk to its own origin: no inline script or
 * style, no eval, nothing foreign.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/**
 * A small in-memory ChatKit server with scripted answers, behind a strict Content-Security-Policy.
 * Close it with `await using`.
 */
export async function fakeChatKit(scripts: { files: ElementFiles; page: string }, answer: Script) {
  const threads = new Map<string, Stored>()
  const runs = new Map<
    string,
    { id: string; events: Json[]; done: boolean; stopped: boolean; wake: Set<() => void>; sockets: Set<ServerResponse> }
  >()
  const requests: Request[] = []
  /** Answers the next request of a type with this instead. */
  const refusals = new Map<string, { status: number; body: string; headers?: Record<string, string> }>()
  /** Carries out so many of the next requests of a type, but never sends their responses. */
  const unheard = new Map<string, number>()
  const answered = new Map<unknown, string>()
  /**
   * What was uploaded, by attachment id or `direct`; what the next uploads wait for before and
   * after their bytes are read; and what they are refused with.
   */
  const uploads = new Map<string, { method: string; headers: IncomingMessage['headers']; body: Buffer }>()
  const uploading: {
    half: Promise<void> | null
    gate: Promise<void> | null
    refuse: { status: number; message?: string } | null
    method: 'PUT' | 'POST'
  } = {
    half: null,
    gate: null,
    refuse: null,
    method: 'PUT',
  }
  const attachments = new Map<string, Json>()
  /** The pages that wait for an answer that begins by itself, by thread. */
  const waiting = new Map<string, ServerResponse>()
  let count = 0
  const next = (prefix: string) => `${prefix}_${++count}`
  const head = ({ items: _, branches: __, waits: ___, ...thread }: Stored) => ({
    ...thread,
    metadata: {},
    items: { data: [], has_more: false },
  })

  /** Keeps what follows an item as a branch. */
  function leave(thread: Stored, after: string | undefined): void {
    const left = thread.items.splice(thread.items.findIndex(({ id }) => id === after) + 1)
    thread.branches = [...(thread.branches ?? []), { id: next('brn'), after, items: left }]
  }

  function forks({ items, branches = [] }: Stored): Json {
    const places = Map.groupBy(branches, ({ after }) => after)
    const all = [...places].flatMap(([after_id, ways]) => {
      const item = items[items.findIndex(({ id }) => id === after_id) + 1]
      const ids = [
        ...ways.map(({ id, items: [first] }) => ({ id, first: first?.id ?? '' })),
        { id: null, first: item?.id ?? '' },
      ]
      const sorted = ids.toSorted((a, b) => a.first.localeCompare(b.first, 'en', { numeric: true })).map(({ id }) => id)
      return item ? [{ item_id: item.id, after_id, branches: sorted }] : []
    })
    return all.length > 0 ? { forks: all } : {}
  }

  function start(thread: Stored, first: Json[], text: string): void {
    const run = {
      id: next('run'),
      events: [...first],
      done: false,
      stopped: false,
      wake: new Set<() => void>(),
      sockets: new Set<ServerResponse>(),
    }
    runs.set(thread.id, run)
    const wake = () => {
      for (const go of run.wake) go()
    }
    const send = (event: Json) => {
      const item = event.item as Item | undefined
      if ((event.type === 'thread.item.done' || event.type === 'thread.item.replaced') && item) {
        const at = thread.items.findIndex(({ id }) => id === item.id)
        if (at < 0) thread.items.push(item)
        else thread.items[at] = item
      }
      run.events.push(event)
      wake()
    }
    const drop = () => {
      for (const socket of run.sockets) socket.destroy()
    }
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
    void answer({ id: run.id, thread, send, pause, drop, stopped: () => run.stopped }, text).finally(() => {
      run.done = true
      wake()
      sendWaiting(thread)
    })
  }

  /** Sends the message that waits longest, if it is not held. */
  function sendWaiting(thread: Stored): void {
    const [next] = thread.waits ?? []
    if (!next || next.is_held || runs.get(thread.id)?.done === false) return
    thread.waits?.shift()
    thread.items.push(next.message)
    const text = (next.message.content as { text: string }[]).map((part) => part.text).join('')
    start(thread, [{ type: 'thread.item.done', item: next.message }], text)
  }

  function attach(id: string, name: string, mime_type: string): Json {
    const isImage = mime_type.startsWith('image/')
    const made = {
      type: isImage ? 'image' : 'file',
      id,
      name,
      mime_type,
      ...(isImage && { preview_url: `/preview/${id}` }),
    }
    attachments.set(id, made)
    return made
  }

  /** An uploaded file, as our own server sends it. */
  function sendFile({ pathname, searchParams }: URL, response: ServerResponse): void {
    const body = uploads.get(pathname.slice('/files/'.length))?.body
    if (!body) return void response.writeHead(404).end()
    if (!searchParams.has('text')) return void response.end(body)
    const file = { text: body.toString(), is_cut: false, is_extract: body.includes('extract') }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(file))
  }

  /** Accepts the bytes of a file, or the whole file if there is no first step. */
  async function takeUpload(id: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    await uploading.half
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
    } catch {
      // The page has gone, and with it the file.
      return
    }
    await uploading.gate
    const { refuse } = uploading
    uploading.refuse = null
    if (refuse) return fail(response, refuse.status, refuse.message)
    uploads.set(id, { method: incoming.method ?? '', headers: incoming.headers, body: Buffer.concat(chunks) })
    json(response, id === 'direct' ? attach(next('atc'), 'direct.txt', 'text/plain') : {})
  }

  async function stream(response: ServerResponse, threadId: string, isNumbered = false): Promise<void> {
    const run = runs.get(threadId)
    if (!response.headersSent)
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
        ...(run && { 'x-run-id': run.id }),
      })
    if (!run) return void response.end()
    let wakeUp = () => {}
    run.sockets.add(response)
    response.on('close', () => wakeUp())
    for (let at = 0; ; ) {
      while (at < run.events.length) {
        const id = isNumbered ? `id: ${at + 1}\n` : ''
        response.write(`${id}data: ${JSON.stringify(run.events[at++])}\n\n`)
      }
      if (run.done || response.destroyed) break
      await new Promise<void>((resolve) => {
        wakeUp = () => {
          run.wake.delete(wakeUp)
          resolve()
        }
        run.wake.add(wakeUp)
      })
    }
    run.sockets.delete(response)
    response.end(isNumbered ? ': end\n\n' : undefined)
  }

  function operate(request: Request, response: ServerResponse): unknown {
    const { type, params } = request
    const thread = threads.get(String(params.thread_id ?? '')) ?? null
    if (params.thread_id && !thread) return fail(response, 404, 'This conversation does not exist.')
    const toMessage = (into: Stored) => {
      const input = params.input as { content: { text: string }[]; attachments: string[] }
      return {
        type: 'user_message',
        id: next('msg'),
        thread_id: into.id,
        created_at: new Date().toISOString(),
        content: input.content,
        attachments: (input.attachments ?? []).flatMap((id) => attachments.get(id) ?? []),
        inference_options: {},
        request_id: request.metadata.request_id,
      }
    }
    const ask = (into: Stored, first: Json[]) => {
      answered.set(request.metadata.request_id, into.id)
      const message = toMessage(into)
      into.items.push(message)
      const text = message.content.map((part) => part.text).join('')
      start(
        into,
        [
          ...first,
          { type: 'thread.item.done', item: message },
          { type: 'stream_options', stream_options: { allow_cancel: true } },
          ...(into.branches ? [{ type: 'thread.updated', thread: { ...head(into), ...forks(into) } }] : []),
        ],
        text,
      )
      return stream(response, into.id)
    }
    const page = (all: Item[] | Stored[], rows = Number(params.limit) || 20) => {
      const sorted = params.order === 'desc' ? all.toReversed() : [...all]
      const from = params.after ? sorted.findIndex(({ id }) => id === params.after) + 1 : 0
      const data = sorted.slice(from, from + rows)
      return {
        data,
        has_more: from + rows < sorted.length,
        ...(from + rows < sorted.length && { after: data.at(-1)?.id }),
      }
    }
    const repeated = answered.get(request.metadata.request_id)
    if (repeated) return stream(response, repeated)
    switch (type) {
      case 'threads.create': {
        const created: Stored = {
          id: next('thr'),
          created_at: new Date().toISOString(),
          status: { type: 'active' },
          items: [],
        }
        threads.set(created.id, created)
        return ask(created, [{ type: 'thread.created', thread: head(created) }])
      }
      case 'attachments.create': {
        const id = next('atc')
        const made = attach(id, String(params.name), String(params.mime_type))
        const upload_descriptor = { url: `/upload/${id}`, method: uploading.method, headers: { 'x-signed': id } }
        return json(response, { ...made, upload_descriptor })
      }
      case 'input.transcribe':
        return json(response, { text: params.audio_base64 ? 'buy milk' : '' })
      case 'attachments.delete':
        attachments.delete(String(params.attachment_id))
        return json(response, {})
      case 'threads.list': {
        const list = page([...threads.values()])
        return json(response, { ...list, data: (list.data as Stored[]).map(head) })
      }
    }
    if (!thread) return fail(response, 400, 'Unknown operation.')
    switch (type) {
      case 'threads.add_user_message': {
        const running = runs.get(thread.id)
        if (running && !running.done) return fail(response, 409, 'The assistant is still answering.')
        if (!params.replaces) return ask(thread, [])
        leave(thread, thread.items[thread.items.findIndex(({ id }) => id === params.replaces) - 1]?.id)
        return ask(thread, [])
      }
      case 'threads.wait_message': {
        const known = thread.waits?.some(({ message }) => message.request_id === request.metadata.request_id)
        if (!known) thread.waits = [...(thread.waits ?? []), { message: toMessage(thread), is_held: false }]
        sendWaiting(thread)
        return json(response, { waiting: thread.waits })
      }
      case 'threads.take_back': {
        const taken = thread.waits?.find(({ message }) => message.id === params.item_id)
        if (!taken) return fail(response, 404, 'The message was not found.')
        thread.waits = thread.waits?.filter((one) => one !== taken)
        return json(response, { message: taken.message, waiting: thread.waits })
      }
      case 'threads.send_waiting': {
        for (const one of thread.waits ?? []) if (one.message.id === params.item_id) one.is_held = false
        const all = { waiting: [...(thread.waits ?? [])] }
        sendWaiting(thread)
        return json(response, all)
      }
      case 'threads.add_client_tool_output':
        start(thread, [], `tool output ${JSON.stringify(params.result)}`)
        return stream(response, thread.id)
      case 'threads.choose_branch': {
        const branch = thread.branches?.find(({ id }) => id === params.branch_id)
        if (!branch) return fail(response, 404, 'This version was not found.')
        leave(thread, branch.after)
        thread.branches = thread.branches?.filter((one) => one !== branch)
        thread.items.push(...branch.items)
        return json(response, { ...head(thread), items: page(thread.items, 20) })
      }
      case 'threads.delete_turn': {
        const at = thread.items.findIndex(({ id }) => id === params.item_id)
        const next = thread.items.findIndex(({ type }, index) => index > at && type === 'user_message')
        thread.items.splice(at, next < 0 ? thread.items.length : next - at)
        return json(response, { ...head(thread), items: page(thread.items, 20) })
      }
      case 'threads.retry_after_item':
        thread.items.splice(thread.items.findIndex(({ id }) => id === params.item_id) + 1)
        start(thread, [], 'retry')
        return stream(response, thread.id)
      case 'threads.custom_action':
        start(thread, [], `action ${JSON.stringify(params.action)}`)
        return stream(response, thread.id)
      case 'threads.attach':
        if (params.wait && runs.get(thread.id)?.done === false) return stream(response, thread.id, true)
        if (params.wait && thread.waits) return response.end()
        if (params.wait) {
          waiting.set(thread.id, response)
          return response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': ping\n\n')
        }
        if (runs.get(thread.id)?.done) runs.delete(thread.id)
        return stream(response, thread.id)
      case 'threads.stop': {
        const run = runs.get(thread.id)
        if (run) run.stopped = true
        return json(response, {})
      }
      case 'threads.get_by_id':
        return json(response, {
          ...head(thread),
          ...forks(thread),
          waiting: thread.waits,
          items: page(thread.items, 20),
        })
      case 'items.list':
        return json(response, page(thread.items))
      case 'threads.update':
        thread.title = String(params.title)
        return json(response, head(thread))
      case 'threads.delete':
        threads.delete(thread.id)
        return json(response, {})
      case 'items.pin':
      case 'items.feedback':
        return json(response, {})
      default:
        return fail(response, 400, 'Unknown operation.')
    }
  }

  const files: Record<string, [string, string | Uint8Array]> = {
    '/': ['text/html; charset=utf-8', PAGE],
    '/page.css': ['text/css', STYLE],
    '/page.js': ['text/javascript', scripts.page],
    ...Object.fromEntries(
      Object.entries(scripts.files).map(([address, content]) => [
        address,
        [address.endsWith('.js') ? 'text/javascript' : 'font/woff2', content],
      ]),
    ),
  }
  /** Pages of a test's own, by path, each under its own policy, which may only report. */
  const pages = new Map<string, { html: string; policy: string; isReportOnly?: boolean }>()
  const server = createServer(async (incoming, response) => {
    const page = pages.get(incoming.url ?? '')
    const policy = `content-security-policy${page?.isReportOnly ? '-report-only' : ''}`
    response.setHeader(policy, page?.policy ?? POLICY)
    // On a kept-alive connection Chromium itself would repeat a failed request.
    response.setHeader('connection', 'close')
    if (page) return response.writeHead(200, { 'content-type': 'text/html' }).end(page.html)
    const file = files[(incoming.url ?? '').split('?')[0] ?? '']
    if (file && incoming.url?.startsWith('/chatkit/')) response.setHeader('access-control-allow-origin', '*')
    if (incoming.url?.startsWith('/chatkit/pdf-worker-')) response.setHeader('content-security-policy', WORKER_POLICY)
    if (file) return response.setHeader('content-type', file[0]).end(file[1])
    if (incoming.url?.startsWith('/files/')) return sendFile(new URL(incoming.url, 'http://x'), response)
    if (incoming.url?.startsWith('/upload/')) return takeUpload(incoming.url.slice(8), incoming, response)
    if (incoming.url?.startsWith('/preview/')) return response.setHeader('content-type', 'image/png').end(PIXEL)
    if (incoming.url !== '/chatkit') return response.writeHead(404).end()
    let body = ''
    for await (const chunk of incoming) body += chunk
    const request = { ...JSON.parse(body), headers: incoming.headers } as Request
    requests.push(request)
    const refusal = refusals.get(request.type)
    refusals.delete(request.type)
    if (refusal)
      return response
        .writeHead(refusal.status, { 'content-type': 'application/json', ...refusal.headers })
        .end(refusal.body)
    const left = unheard.get(request.type) ?? 0
    if (left > 0) {
      unheard.set(request.type, left - 1)
      response.destroy()
    }
    await operate(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages,
    threads,
    requests,
    refusals,
    unheard,
    uploads,
    uploading,
    attachments,
    waiting,
    /** Sends a waiting page an event that belongs to no answer, and stores its item. */
    beside(threadId: string, event: Json & { item: Item }) {
      const items = threads.get(threadId)?.items ?? []
      items[items.findIndex(({ id }) => id === event.item.id)] = event.item
      waiting.get(threadId)?.write(`data: ${JSON.stringify(event)}\n\n`)
    },
    /** Begins an answer by itself, which the waiting page gets with numbers. */
    begin(threadId: string, text: string) {
      const thread = threads.get(threadId)
      const response = waiting.get(threadId)
      if (!thread || !response) throw new Error('no page waits')
      start(thread, [], text)
      waiting.delete(threadId)
      return stream(response, threadId, true)
    },
    add(thread: Partial<Stored> & { id: string }) {
      threads.set(thread.id, { created_at: new Date().toISOString(), status: { type: 'active' }, items: [], ...thread })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function json(response: ServerResponse, data: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(data))
}

function fail(response: ServerResponse, status: number, message?: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
}
