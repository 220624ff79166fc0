import type { Offers } from '#lib/mcp-client/lists/offer-lists.ts'
import type { Asker } from '#lib/mcp-client/offers/ask-server.ts'
import { completeValue } from '#lib/mcp-client/offers/complete-value.ts'
import { expandTemplate } from '#lib/mcp-client/offers/expand-template.ts'
import { listOffers, type OfferList } from '#lib/mcp-client/offers/list-offers.ts'
import { toShownLine } from '#lib/mcp-client/offers/shown-text.ts'
import { withDeadline } from '#lib/platform/deadline.ts'

/** A resource that can be attached to a message. `size` is in bytes, as its server says. */
export type FoundResource = {
  server: string
  uri: string
  name: string
  description?: string
  mimeType?: string
  size?: number
}

const FOUND_MAX = 30
const TEMPLATES_MAX = 5
const VALUES_MAX = 8
// A person who types waits no longer (ms) for suggestions.
const COMPLETE_MS = 1_500

/**
 * The resources of all servers whose name, address or description has all these words, best first,
 * at most 30. A template with one parameter takes part if its name has some of the words: the rest
 * of the words is the value, which its server completes.
 */
export async function searchResources(
  asker: Asker,
  search: string,
): Promise<{ resources: FoundResource[]; unavailable: OfferList['unavailable'] }> {
  const { servers, unavailable } = await listOffers(asker)
  const words = wordsOf(search)
  const named = servers.flatMap(({ server, offers }) =>
    offers.resources
      .map((resource) => ({ resource: { server: server.name, ...resource }, rank: rankOf(resource, words) }))
      .filter(({ rank }) => rank > 0),
  )
  const best = named.sort((a, b) => b.rank - a.rank).map(({ resource }) => resource)
  const asked = servers
    .flatMap(({ server, offers }) =>
      offers.templates.flatMap((template) => toQuestion(server.name, offers, template, search)),
    )
    .slice(0, TEMPLATES_MAX)
  const filled = (await Promise.all(asked.map((question) => fillTemplate(asker, question)))).flat()
  const unique = new Map(
    [...filled, ...best].map((resource) => [JSON.stringify([resource.server, resource.uri]), resource]),
  )
  // The server's own name for a resource is better than that of its template.
  for (const resource of best) unique.set(JSON.stringify([resource.server, resource.uri]), resource)
  return { resources: [...unique.values()].slice(0, FOUND_MAX), unavailable }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

/** 0 if a word is missing; the name counts most. */
function rankOf({ name, uri, description = '' }: Offers['resources'][number], words: string[]): number {
  const places = [name, uri, description].map((text) => text.toLowerCase())
  const ranks = words.map((word) => {
    const at = places.findIndex((text) => text.includes(word))
    return at < 0 ? 0 : at === 0 && places[0]?.startsWith(word) ? 4 : 3 - at
  })
  return ranks.includes(0) ? 0 : 1 + ranks.reduce((sum, rank) => sum + rank, 0)
}

type Question = {
  server: string
  template: Offers['templates'][number]
  parameter: string
  typed: string
  completes: boolean
}

function toQuestion(
  server: string,
  { completes }: Offers,
  template: Offers['templates'][number],
  search: string,
): Question[] {
  const [parameter, another] = template.parameters
  if (parameter === undefined || another !== undefined) return []
  const places = wordsOf(template.name)
  const rest = search
    .split(/\s+/)
    .filter((word) => word !== '' && !places.some((place) => place.startsWith(word.toLowerCase())))
  const isNamed = rest.length < wordsOf(search).length
  return isNamed ? [{ server, template, parameter, typed: rest.join(' '), completes }] : []
}

async function fillTemplate(
  asker: Asker,
  { server, template, parameter, typed, completes }: Question,
): Promise<FoundResource[]> {
  const { uriTemplate, name, description, mimeType } = template
  const suggested = completes ? await suggest(asker, server, uriTemplate, parameter, typed) : []
  const values = suggested.length > 0 || typed === '' ? suggested : [typed]
  return values.slice(0, VALUES_MAX).flatMap((value) => {
    const uri = expandTemplate(uriTemplate, { [parameter]: value })
    if (uri === undefined) return []
    return [
      {
        server,
        uri,
        name: toShownLine(`${name}: ${value}`, 200),
        ...(description && { description }),
        ...(mimeType && { mimeType }),
      },
    ]
  })
}

async function suggest(
  asker: Asker,
  server: string,
  template: string,
  argument: string,
  value: string,
): Promise<string[]> {
  const asking = completeValue(asker, { server, of: { template }, argument, value })
  // Without suggestions the typed value is still offered.
  return withDeadline(asking, COMPLETE_MS, () => []).catch(() => [])
}
