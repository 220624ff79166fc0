import { type Model, setSensitiveDataLoggingEnabled, setTraceProcessors, setTracingDisabled } from '@openai/agents'
import OpenAI from 'openai'
import { DEMO_NAME, makeDemoModel } from '#lib/agent/models/demo/demo-model.ts'
import { OpenAIModel } from '#lib/agent/models/openai/openai-model.ts'
import { withPicturesAfterTools } from '#lib/agent/models/openai/pictures-after-tools.ts'
import { type ModelLine, modelFetch } from '#lib/agent/models/openai/transport/model-fetch.ts'
import type { Person } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'

// By default the SDK sends traces of every run to OpenAI and prints what models and tools say.
setTracingDisabled(true)
setTraceProcessors([])
setSensitiveDataLoggingEnabled(false)

/** True if no model is set, so that the demo assistant answers. */
export function isDemo(): boolean {
  const { OPENAI_API_KEY, OPENAI_BASE_URL } = env()
  return !OPENAI_API_KEY && !OPENAI_BASE_URL
}

/** The name of the model that answers, for people and for the rows of runs. */
export function readModelName(): string {
  return isDemo() ? DEMO_NAME : env().OPENAI_MODEL
}

/**
 * Opens the model of one turn: OpenAI's or a compatible server's, as the settings say, else the
 * demo assistant for this person. `line` gets what the model's server says besides the answer.
 */
export function openModel(about: { person: Person; timeZone: string; now: Date }, line?: ModelLine): Model {
  if (isDemo()) return makeDemoModel(about)
  const { OPENAI_API, OPENAI_MODEL } = env()
  const model = new OpenAIModel(openModelClient(line), OPENAI_API, OPENAI_MODEL)
  return OPENAI_API === 'responses' ? model : withPicturesAfterTools(model)
}

/** A client of the model's server, as the settings say. Clients share the process's connections. */
export function openModelClient(line?: ModelLine): OpenAI {
  // Servers such as Ollama need no key, but the client requires one.
  const { OPENAI_API_KEY: apiKey = 'none', OPENAI_BASE_URL: baseURL = 'https://api.openai.com/v1' } = env()
  // `modelFetch` retries, because it also tells the person about the wait.
  return new OpenAI({ apiKey, baseURL, logLevel: 'off', maxRetries: 0, fetch: modelFetch(line) })
}
