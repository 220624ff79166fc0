import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CallToolRequestSchema,
  type ElicitRequestParams,
  ElicitResultSchema,
  ListToolsRequestSchema,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { noteAnswer } from '#lib/mcp-client/servers/health.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { HARMLESS } from '#tests/support/tool-servers/mcp-server.ts'

// Servers whose tool `book` asks the person before it books, in both ways of the protocol.

type Question = {
  message: string
  requestedSchema?: object
  mode?: 'form' | 'url'
  url?: string
  elicitationId?: string
}
type Answer = { action: string; content?: Record<string, unknown>; _meta?: Record<string, unknown> }

export const SEATS: Question = {
  message: 'For whom, and how many seats?',
  requestedSchema: {
    type: 'object',
    properties: {
      guest: { type: 'string', title: 'Name', minLength: 2 },
      seats: { type: 'integer', title: 'Seats', minimum: 1, maximum: 8 },
    },
    required: ['guest', 'seats'],
  },
}

export type AskingServer = AsyncDisposable & {
  url: string
  /** What the tool asks, round by round; several questions of a round by their keys. */
  rounds: Record<string, Question>[]
  /** Every request for a call, with what came back to the server in it. */
  calls: { inputResponses: Record<string, Answer> | undefined; requestState: string | undefined }[]
  /** The answers that the tool got, and how often it took effect. */
  answers: Answer[]
  booked: number
  description: string
  annotations: object
  /** The errors that the client answered with. */
  errors: string[]
  /** The status with which a call is refused that was answered before, instead of being made. */
  refusal: number | undefined
  /** Resolves before the tool answers in its last round. */
  gate: Promise<void>
  /** Other requests of the server that the tool sends before it asks, or with what it asks. */
  others: string[]
  /** What a server without the SDK's check of the client's capabilities asks for (2026-07-28). */
  unchecked: string[]
  /** What is required before the tool does anything (error -32042), for call after call. */
  required: object[][]
  /** Says that the question with this id was settled, on the stream of the latest session. */
  complete: (elicitationId: string) => Promise<void>
}

function newState(rounds: AskingServer['rounds']): Omit<AskingServer, 'url' | typeof Symbol.asyncDispose> {
  return {
    ...{ rounds, calls: [], answers: [], booked: 0, description: 'books a table', annotations: HARMLESS },
    ...{
      errors: [],
      gate: Promise.resolve(),
      others: [],
      unchecked: [],
      refusal: undefined,
      required: [],
      complete: async () => undefined,
    },
  }
}

/** A state that JSON, base64 and trimming would each change. */
const toState = (round: number) => `${round} \u00e9\n"\\ =+/ `

/** Revision 2026-07-28: a result asks, and the call is made again with the answers. */
export async function askingServer(...rounds: AskingServer['rounds']): Promise<AskingServer> {
  const state = newState(rounds.length > 0 ? rounds : [{ seats: SEATS }]) as AskingServer
  const make = () => {
    const server = new McpServer({ name: 'asking', version: '1' })
    const { annotations } = state
    server.registerTool('look', { description: 'looks', annotations, inputSchema: z.looseObject({}) }, () => ({
      content: [{ type: 'text', text: 'looked' }],
    }))
    server.registerTool(
      'book',
      {
        description: state.description,
        annotations: state.annotations,
        inputSchema: z.looseObject({}),
      },
      async (_args, { mcpReq }) => {
        const requestState = mcpReq.requestState<string>()
        const responses = mcpReq.inputResponses as Record<string, Answer> | undefined
        state.calls.push({ inputResponses: responses, requestState })
        state.answers.push(...Object.values(responses ?? {}))
        const round = requestState === undefined ? 0 : Number.parseInt(requestState, 10) + 1
        const wanted = state.rounds[round]
        if (wanted) {
          const inputRequests = Object.fromEntries(
            Object.entries(wanted).map(([key, question]) => [
              key,
              question.mode === 'url'
                ? inputRequired.elicitUrl(question as never)
                : inputRequired.elicit(question as never),
            ]),
          )
          for (const method of state.others) Object.assign(inputRequests, { [method]: { method, params: {} } })
          return inputRequired({ inputRequests, requestState: toState(round) })
        }
        await state.gate
        if (round > 0 && requestState !== toState(round - 1)) throw new Error('the state came back changed')
        state.booked += 1
        return { content: [{ type: 'text', text: `booked: ${JSON.stringify(state.answers)}` }] }
      },
    )
    return server
  }
  const { url, close } = await serve(async (request) => {
    const isAnswer = state.refusal !== undefined && (await request.clone().text()).includes('"inputResponses"')
    if (isAnswer) return new Response(null, { status: state.refusal })
    const answer = await createMcpHandler(make).fetch(request)
    if (state.unchecked.length === 0) return answer
    const more = state.unchecked.map((method) => `"${method}":{"method":"${method}","params":{}},`).join('')
    const text = (await answer.text()).replace('"inputRequests":{', (start) => start + more)
    const { status, headers } = answer
    return new Response(text, { status, headers: { 'content-type': headers.get('content-type') ?? '' } })
  })
  noteAnswer(`${url}/mcp`)
  return Object.assign(state, { url: `${url}/mcp`, [Symbol.asyncDispose]: close })
}

/** Revision 2025-11-25: the server sends a request to its client during the call. */
export async function olderAskingServer(...rounds: AskingServer['rounds']): Promise<AskingServer> {
  const state = newState(rounds.length > 0 ? rounds : [{ seats: SEATS }]) as AskingServer
  const open = new Map<string, StreamableHTTPServerTransport>()
  const make = () => {
    const server = new Server({ name: 'older', version: '1' }, { capabilities: { tools: {} } })
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      // As many servers do: what cannot ask is not offered the tool.
      tools: (server.getClientCapabilities()?.elicitation ? ['book', 'look'] : ['look']).map((name) => ({
        name,
        description: state.description,
        annotations: state.annotations,
        inputSchema: { type: 'object' as const },
      })),
    }))
    state.complete = (elicitationId) =>
      server.notification({ method: 'notifications/elicitation/complete', params: { elicitationId } })
    server.setRequestHandler(CallToolRequestSchema, async (_request, { sendRequest }) => {
      state.calls.push({ inputResponses: undefined, requestState: undefined })
      const required = state.required.shift()
      if (required) throw new UrlElicitationRequiredError(required as never)
      const ask = (method: string, params: object) =>
        sendRequest({ method, params } as never, ElicitResultSchema, { timeout: 60_000 }).catch((error: Error) => {
          state.errors.push(error.message)
          // A plain refusal does not end this tool, but the end of its call does.
          if (!error.message.includes('Switchboard')) throw error
          return { action: 'error' }
        })
      for (const method of state.others) await ask(method, {})
      for (const round of state.rounds)
        for (const question of Object.values(round)) {
          const params = { mode: 'form', ...question } as ElicitRequestParams
          const answered = ask('elicitation/create', params)
          if (question.mode === 'url')
            void state.gate.then(() =>
              server.notification({
                method: 'notifications/elicitation/complete',
                params: { elicitationId: question.elicitationId ?? '' },
              }),
            )
          state.answers.push((await answered) as Answer)
        }
      if (!state.rounds.some((round) => Object.values(round).some(({ mode }) => mode === 'url'))) await state.gate
      state.booked += 1
      return { content: [{ type: 'text', text: `booked: ${JSON.stringify(state.answers)}` }] }
    })
    return server
  }
  const http = createServer(async (request, response) => {
    const id = request.headers['mcp-session-id']
    let transport = open.get(String(id))
    if (id && !transport) return void response.writeHead(404).end()
    if (!transport) {
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (made) => void open.set(made, fresh),
      })
      transport = fresh
      await make().connect(fresh as never)
    }
    await transport.handleRequest(request, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`
  noteAnswer(url)
  return Object.assign(state, {
    url,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  })
}
