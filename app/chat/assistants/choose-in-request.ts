/** Before the slug in the id of a choice. The server reads it (lib/agent/assistants/find-chosen-slug.ts). */
const CHOICE_MARK = 'assistant:'

type Body = {
  type?: unknown
  params?: { input?: { inference_options?: { tool_choice?: unknown }; content?: { data?: { kind?: unknown } }[] } }
}

/**
 * The request with the assistant that a new conversation begins with: `slug`. A message that chooses
 * one itself, and every other request, stays as it is.
 */
export function chooseInRequest(init: RequestInit | undefined, slug: string | undefined): RequestInit | undefined {
  if (slug === undefined || typeof init?.body !== 'string') return init
  const body = JSON.parse(init.body) as Body
  const input = body.type === 'threads.create' ? body.params?.input : undefined
  if (!input || input.inference_options?.tool_choice || input.content?.some(({ data }) => data?.kind === 'assistant'))
    return init
  input.inference_options = { ...input.inference_options, tool_choice: { id: `${CHOICE_MARK}${slug}` } }
  return { ...init, body: JSON.stringify(body) }
}
