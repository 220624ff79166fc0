import type { PromptMessage } from '@modelcontextprotocol/client'
import { readSources } from '#lib/data/notebook/content-sources.ts'
import { type Asker, askServer, requireServer } from '#lib/mcp-client/offers/ask-server.ts'
import { toShownText } from '#lib/mcp-client/offers/shown-text.ts'
import { AppError } from '#lib/platform/errors.ts'

const MESSAGES_MAX = 100

/** A prompt that was chosen, with the person's arguments. */
export type ChosenPrompt = { server: string; prompt: string; arguments: Record<string, string> }

/**
 * The text of a prompt as one message of the person: what the server wrote for the person as it is,
 * and everything else (an assistant's words, embedded resources) as quoted lines. Hidden characters
 * are visible, so that what a person reads before sending is what is sent. `sources` are those of a
 * note in one of our own prompts. Throws too_large for a
 * prompt of more than `maxChars`, which cannot be sent whole, and what `askServer` throws.
 */
export async function getPrompt(
  asker: Asker,
  { server: name, prompt, arguments: args }: ChosenPrompt,
  maxChars: number,
): Promise<{ text: string; sources: string[] }> {
  const server = await requireServer(asker, name)
  const { messages, _meta } = await askServer(server, asker, (client, options) =>
    client.getPrompt({ name: prompt, arguments: args }, options),
  )
  const text = messages.slice(0, MESSAGES_MAX).map(toText).join('\n\n').trim()
  if (messages.length > MESSAGES_MAX || text.length > maxChars)
    throw new AppError(
      'too_large',
      `This prompt is longer than a message may be (${maxChars.toLocaleString('en')} characters), so it cannot be sent.`,
    )
  if (text === '') throw new AppError('unavailable', `${name} answered with a prompt that is empty.`)
  // Only our own server is believed what it says of a note.
  return { text, sources: server.builtin ? readSources(_meta) : [] }
}

function toText({ role, content }: PromptMessage): string {
  if (content.type === 'text') {
    const text = toShownText(content.text)
    return role === 'user' ? text : quote(text, 'The assistant, in the words of the prompt:')
  }
  return quoteContent(content)
}

function quoteContent(content: Exclude<PromptMessage['content'], { type: 'text' }>): string {
  switch (content.type) {
    case 'resource': {
      const { uri, mimeType } = content.resource
      if ('text' in content.resource) return quote(toShownText(content.resource.text), `Resource ${toShownText(uri)}:`)
      return quote(
        `(a file, ${toShownText(mimeType ?? 'of unknown type')}, which is left out)`,
        `Resource ${toShownText(uri)}:`,
      )
    }
    case 'resource_link':
      return quote(toShownText(content.uri), `A link to the resource ${toShownText(content.name)}, which is not read:`)
    default:
      return `> (${content.type === 'image' ? 'a picture' : 'a recording'}, ${toShownText(content.mimeType)}, which is left out)`
  }
}

function quote(text: string, title: string): string {
  return [title, ...text.split('\n')].map((line) => `> ${line}`).join('\n')
}
