import {
  type Model,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  setSensitiveDataLoggingEnabled,
  setTraceProcessors,
  setTracingDisabled,
} from '@openai/agents'
import OpenAI from 'openai'
import { DEMO_NAME, demoModel } from '#lib/agent/demo/model.ts'
import type { Person } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'

// The SDK would send traces of every run to OpenAI and print what models and tools said.
setTracingDisabled(true)
setTraceProcessors([])
setSensitiveDataLoggingEnabled(false)

const WAIT_ON_LIMIT_SECONDS = 5

/** True where no model is set, so that the demo assistant answers. */
export function isDemo(): boolean {
  const { OPENAI_API_KEY, OPENAI_BASE_URL } = env()
  return !OPENAI_API_KEY && !OPENAI_BASE_URL
}

/** The name of the model that answers, for people and for the runs' rows. */
export function modelName(): string {
  return isDemo() ? DEMO_NAME : env().OPENAI_MODEL
}

/** The model of one turn: OpenAI's or a compatible server's as the settings say, else the demo assistant for this person. */
export function openModel(about: { person: Person; timeZone: string; now: Date }): Model {
  if (isDemo()) return demoModel(about)
  const { OPENAI_API, OPENAI_MODEL } = env()
  return OPENAI_API === 'responses'
    ? new OpenAIResponsesModel(modelClient(), OPENAI_MODEL)
    : new OpenAIChatCompletionsModel(modelClient(), OPENAI_MODEL)
}

let client: OpenAI | undefined

/** The client of the model's server, as the settings say: one for all turns, since it knows of none. */
export function modelClient(): OpenAI {
  // Servers such as Ollama want no key, but the client wants one.
  const { OPENAI_API_KEY: apiKey = 'none', OPENAI_BASE_URL: baseURL = 'https://api.openai.com/v1' } = env()
  if (client?.apiKey !== apiKey || client.baseURL !== baseURL)
    client = new OpenAI({ apiKey, baseURL, logLevel: 'off', fetch: fetchWithoutLongWaits })
  return client
}

/** The client waits for as long as Retry-After says, up to a minute and in silence: people are told instead. */
const fetchWithoutLongWaits: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (response.status !== 429 || !(Number(response.headers.get('retry-after')) > WAIT_ON_LIMIT_SECONDS)) return response
  const headers = new Headers(response.headers)
  headers.set('x-should-retry', 'false')
  return new Response(response.body, { status: response.status, headers })
}
