'use client'

import { type Sent, sendJson } from '#app/forms/send-json.ts'

export type Argument = { name: string; description?: string; required: boolean }
export type Prompt = { server: string; name: string; title?: string; description?: string; arguments: Argument[] }
export type Template = {
  server: string
  uriTemplate: string
  parameters: string[]
  name: string
  description?: string
  mimeType?: string
}
export type Resource = {
  server: string
  uri: string
  name: string
  description?: string
  mimeType?: string
  size?: number
}

/** A server that is missing, and why. `connect` is set if the person has to connect an account. */
export type Missing = { server: string; sentence: string; connect?: { id: string; way: 'key' | 'oauth' } }

/** The prompts and templates that the person's servers offer. Throws if the list does not load. */
export async function listPrompts(): Promise<{ prompts: Prompt[]; templates: Template[]; unavailable: Missing[] }> {
  return read('/api/me/prompts')
}

/** The resources that match these words. Throws if the search fails. */
export async function findResources(words: string): Promise<{ resources: Resource[]; unavailable: Missing[] }> {
  return read(`/api/me/resources?${new URLSearchParams({ search: words })}`)
}

/** The text of a prompt with these arguments. `sources`: where content of a note in it comes from. */
export function getPrompt(
  { server, name }: Prompt,
  args: Record<string, string>,
): Promise<Sent<{ text: string; sources: string[] }>> {
  return sendJson('POST', '/api/me/prompts', { server, prompt: name, arguments: args })
}

/** The address of a template with these values. */
export function fillTemplate(
  { uriTemplate }: Template,
  values: Record<string, string>,
): Promise<Sent<{ uri: string }>> {
  return sendJson('POST', '/api/me/resources', { template: uriTemplate, values })
}

/** What is completed: an argument of a prompt, or a parameter of a template. */
export type Completed = { server: string; of: { prompt: string } | { template: string } }

/** What the server suggests for a value; nothing if it does not answer. */
export async function listSuggestions(
  completed: Completed,
  argument: string,
  value: string,
  known: Record<string, string>,
): Promise<string[]> {
  const sent = await sendJson<{ values: string[] }>('POST', '/api/me/complete', {
    ...completed,
    argument,
    value,
    known,
  })
  return sent.ok ? sent.data.values : []
}

async function read<T>(path: string): Promise<T> {
  const response = await fetch(path, { signal: AbortSignal.timeout(15_000) })
  if (!response.ok) throw new Error(`What the servers offer could not be loaded (${response.status}).`)
  return (await response.json()) as T
}
