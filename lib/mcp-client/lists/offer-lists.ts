import { RememberedLists } from '#lib/mcp-client/lists/remembered-lists.ts'

/** An argument of a prompt. All arguments are texts. */
export type PromptArgument = { name: string; description?: string; required: boolean }
/** A prompt as its server lists it. The texts are bounded, and nothing in them is hidden. */
export type OfferedPrompt = { name: string; title?: string; description?: string; arguments: PromptArgument[] }
/** A resource as its server lists it. `size` is in bytes, as the server says. */
export type OfferedResource = { uri: string; name: string; description?: string; mimeType?: string; size?: number }
/** A kind of resource whose address has parameters (RFC 6570). */
export type OfferedTemplate = {
  uriTemplate: string
  parameters: string[]
  name: string
  description?: string
  mimeType?: string
}

/** What a server offers beside tools. `completes`: it suggests values for arguments. */
export type Offers = {
  prompts: OfferedPrompt[]
  resources: OfferedResource[]
  templates: OfferedTemplate[]
  completes: boolean
}

const LISTS_MAX = 500

/** The offers of servers to people. */
export const offerLists = new RememberedLists<Offers>('offer lists', LISTS_MAX)
