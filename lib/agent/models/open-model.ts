import { type Model, setSensitiveDataLoggingEnabled, setTraceProcessors, setTracingDisabled } from '@openai/agents'
import OpenAI from 'openai'
import { findAccess } from '#lib/agent/models/catalog/models-for.ts'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { ProviderAccess } from '#lib/agent/models/catalog/provider-access.ts'
import { SETTINGS_ID } from '#lib/agent/models/catalog/settings-models.ts'
import { makeDemoModel } from '#lib/agent/models/demo/demo-model.ts'
import { noteKeys } from '#lib/agent/models/openai/failures/known-keys.ts'
import { ModelServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { OpenAIModel } from '#lib/agent/models/openai/openai-model.ts'
import { withPicturesAfterTools } from '#lib/agent/models/openai/pictures-after-tools.ts'
import { type ModelLine, modelFetch } from '#lib/agent/models/openai/transport/model-fetch.ts'
import { providerFetch } from '#lib/agent/models/openai/transport/provider-fetch.ts'
import { withoutUntakenParts } from '#lib/agent/models/openai/untaken-parts.ts'
import type { Person } from '#lib/data/people/users.ts'
import { withoutClientEnvironment } from '#lib/platform/env.ts'

// By default the SDK sends traces of every run to OpenAI and prints what models and tools say.
setTracingDisabled(true)
setTraceProcessors([])
setSensitiveDataLoggingEnabled(false)

type About = { person: Person; timeZone: string; now: Date }

/** What hears the model's server, and whether to wait for it if it asks for that. */
export type Listening = { line?: ModelLine; waits?: boolean }

/**
 * Opens a model for one person: its provider's, or the demo assistant. `line` gets what the
 * provider says besides the answer. Throws as `openModelClient` does.
 */
export async function openModel(model: OfferedModel, about: About, listening: Listening = {}): Promise<Model> {
  if (model.origin === 'demo') return makeDemoModel(about)
  const opened = new OpenAIModel(await openModelClient(model, listening), model.api, model.model)
  const sent = model.api === 'responses' ? opened : withPicturesAfterTools(opened)
  return withoutUntakenParts(sent, model.capabilities)
}

/**
 * A client of the model's provider. Clients share the process's connections. Throws a
 * ModelServerError if the provider was removed meanwhile or its key can no longer be read.
 */
export async function openModelClient(model: OfferedModel, listening: Listening = {}): Promise<OpenAI> {
  const access = await findAccess(model)
  if (!access)
    throw new ModelServerError('model_not_found', { message: `The provider ${model.provider.name} was removed.` })
  return makeModelClient(access, listening)
}

/** The same for a provider whose access is known. */
export function makeModelClient(access: ProviderAccess, { line, waits }: Listening = {}): OpenAI {
  const { id, name, baseUrl: baseURL, key, headers, reach, isReadable } = access
  if (!isReadable) {
    const message = `The key of ${name} was sealed under another APP_SECRET. Enter it again on the page Models.`
    throw new ModelServerError('model_unauthorised', { message })
  }
  noteKeys([key, ...Object.values(headers)])
  const send = reach === null ? fetchFor(headers) : providerFetch(reach)
  const make = () =>
    new OpenAI({
      // Servers such as Ollama need no key, but the client requires one.
      apiKey: key ?? 'none',
      baseURL,
      defaultHeaders: headers,
      logLevel: 'off',
      // `modelFetch` retries, because it also tells the person about the wait.
      maxRetries: 0,
      fetch: modelFetch(line, { send, ...(waits !== undefined && { waits }) }),
    })
  return id === SETTINGS_ID ? make() : withoutClientEnvironment(make)
}

/** `fetch` takes extra headers, which may be keys, along to another host, so no redirect is followed with them. */
function fetchFor(headers: Record<string, string>): typeof fetch {
  if (Object.keys(headers).length === 0) return fetch
  return (input, init) => fetch(input, { ...init, redirect: 'manual' })
}
