import {
  type Client,
  type Prompt,
  type Resource,
  type ResourceTemplateType,
  UriTemplate,
} from '@modelcontextprotocol/client'
import { listAccounts } from '#lib/data/servers/server-accounts.ts'
import { needsAccount } from '#lib/mcp-client/accounts/accounts.ts'
import { keepWatching, watchLists } from '#lib/mcp-client/connection/list-watch.ts'
import {
  type OfferedPrompt,
  type OfferedResource,
  type OfferedTemplate,
  type Offers,
  offerLists,
} from '#lib/mcp-client/lists/offer-lists.ts'
import { type Asker, type AskOptions, askServer } from '#lib/mcp-client/offers/ask-server.ts'
import { toShownLine } from '#lib/mcp-client/offers/shown-text.ts'
import { walkPages } from '#lib/mcp-client/offers/walk-pages.ts'
import { listServersFor, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { AppError, toAppError } from '#lib/platform/errors.ts'

/** A server that is missing, and why. `connect` is set if its person has to connect an account. */
type Unavailable = { server: string; sentence: string; connect?: { id: string; way: 'key' | 'oauth' } }

/** What the servers of a person offer beside tools, and why some servers are missing. */
export type OfferList = {
  servers: { server: McpServer; offers: Offers }[]
  unavailable: Unavailable[]
}

// A person who types waits no longer (ms) for a server. It is asked on, for the next time.
const WAIT_MS = 3_000
// What a person offers themselves changes while they chat, and asking for it costs no network.
const OWN_MS = 5_000
const NAME_MAX = 200
const DESCRIPTION_MAX = 300
const URI_MAX = 2_000
const ARGUMENTS_MAX = 20
const PARAMETERS_MAX = 10

/**
 * The prompts, resources and templates that each server offers this person: at most 500 of each
 * kind. Lists are remembered for each person alone, for as long as the server says. A server that
 * does not answer within 3 s is left out and named.
 */
export async function listOffers(asker: Asker): Promise<OfferList> {
  const servers = await listServersFor(asker.caller.role)
  const unavailable: OfferList['unavailable'] = []
  const listed = await Promise.all(
    servers.map(async (server) => {
      try {
        return { server, offers: await findOrAsk(server, asker) }
      } catch (error) {
        unavailable.push(await toUnavailable(server, asker, error))
        return undefined
      }
    }),
  )
  return { servers: listed.filter((entry) => entry !== undefined), unavailable }
}

async function toUnavailable(server: McpServer, { caller }: Asker, error: unknown): Promise<Unavailable> {
  const { id, name, config } = server
  if (!needsAccount(server) || id === undefined) return { server: name, sentence: toAppError(error).message }
  const account = (await listAccounts(caller)).get(id)
  if (account && !account.broken) return { server: name, sentence: toAppError(error).message }
  const sentence = account
    ? `${name} no longer accepts the account that you connected.`
    : `${name} works with your own account there.`
  return { server: name, sentence, connect: { id, way: config?.identity.kind === 'key' ? 'key' : 'oauth' } }
}

async function findOrAsk(server: McpServer, asker: Asker): Promise<Offers> {
  const { userId } = asker.caller
  const remembered = offerLists.find(server, userId)
  if (remembered) {
    keepWatching(server, userId)
    return remembered
  }
  return withDeadline(askOffers(server, asker), WAIT_MS, () => {
    const before = offerLists.find(server, userId, { stale: true })
    if (before) return before
    throw new AppError('unavailable', `${server.name} did not answer in time.`)
  })
}

async function askOffers(server: McpServer, asker: Asker): Promise<Offers> {
  const { userId } = asker.caller
  const askedAt = Date.now()
  const { offers, ttlMs, announced } = await askServer(server, asker, readOffers)
  offerLists.remember(server, userId, offers, { askedAt, ttlMs: server.builtin ? OWN_MS : ttlMs })
  if (announced && !server.builtin) watchLists(server, userId)
  return offers
}

async function readOffers(client: Client, options: AskOptions) {
  const { prompts, resources, completions } = client.getServerCapabilities() ?? {}
  const none = { items: [] }
  const [ofPrompts, ofResources, ofTemplates] = await Promise.all([
    prompts
      ? walkPages(
          (params) => client.request({ method: 'prompts/list', params }, options),
          (page) => page.prompts,
        )
      : none,
    resources
      ? walkPages(
          (params) => client.request({ method: 'resources/list', params }, options),
          (page) => page.resources,
        )
      : none,
    resources
      ? walkPages(
          (params) => client.request({ method: 'resources/templates/list', params }, options),
          (page) => page.resourceTemplates,
        )
      : none,
  ])
  const offers: Offers = {
    prompts: ofPrompts.items.flatMap(toPrompt),
    resources: ofResources.items.flatMap(toResource),
    templates: ofTemplates.items.flatMap(toTemplate),
    completes: completions !== undefined,
  }
  const lifetimes = [ofPrompts, ofResources, ofTemplates].flatMap((list) => ('ttlMs' in list ? (list.ttlMs ?? []) : []))
  const announced = prompts?.listChanged === true || resources?.listChanged === true
  return { offers, announced, ...(lifetimes.length > 0 && { ttlMs: Math.min(...lifetimes) }) }
}

/** A name is sent back to its server, so one that is too long cannot be offered. */
function toPrompt({ name, title, description, arguments: given = [] }: Prompt): OfferedPrompt[] {
  if (name.length > NAME_MAX || given.length > ARGUMENTS_MAX) return []
  const args = given.map((argument) => ({
    name: argument.name,
    required: argument.required === true,
    ...described(argument.description),
  }))
  if (args.some((argument) => argument.name.length > NAME_MAX)) return []
  return [{ name, ...(title && { title: toShownLine(title, NAME_MAX) }), ...described(description), arguments: args }]
}

function toResource({ uri, name, title, description, mimeType, size }: Resource): OfferedResource[] {
  if (uri.length > URI_MAX) return []
  return [
    {
      uri,
      ...named(title ?? name),
      ...described(description),
      ...typed(mimeType),
      ...(size !== undefined && { size }),
    },
  ]
}

function toTemplate({ uriTemplate, name, title, description, mimeType }: ResourceTemplateType): OfferedTemplate[] {
  const parameters = parametersOf(uriTemplate)
  if (!parameters) return []
  return [{ uriTemplate, parameters, ...named(title ?? name), ...described(description), ...typed(mimeType) }]
}

/** The parameters of a template; undefined if it cannot be filled in. */
function parametersOf(uriTemplate: string): string[] | undefined {
  if (uriTemplate.length > URI_MAX) return undefined
  try {
    const names = new UriTemplate(uriTemplate).variableNames
    return names.length > 0 && names.length <= PARAMETERS_MAX ? names : undefined
  } catch {
    // Not a template that the SDK reads, so nothing can be filled in.
    return undefined
  }
}

function named(name: string): { name: string } {
  return { name: toShownLine(name, NAME_MAX) || 'without a name' }
}

function described(description: string | undefined): { description?: string } {
  return description ? { description: toShownLine(description, DESCRIPTION_MAX) } : {}
}

function typed(mimeType: string | undefined): { mimeType?: string } {
  return mimeType ? { mimeType: toShownLine(mimeType, 100) } : {}
}
