import { type Fields, isFields } from '#lib/mcp-client/answers/read-result.ts'

type Kind = { list: string; key: string; read: (item: Fields) => Fields | undefined }

const TEXTS = ['title', 'description', 'mimeType'] as const

/** How the lists of each method are read: the name of the list, and one of its items. */
const KINDS: Record<string, Kind> = {
  'prompts/list': {
    list: 'prompts',
    key: 'name',
    read: (item) => ({
      ...textsOf(item),
      name: item.name,
      ...(Array.isArray(item.arguments) && { arguments: item.arguments.flatMap(readArgument) }),
    }),
  },
  'resources/list': {
    list: 'resources',
    key: 'uri',
    read: (item) => ({
      ...{ ...textsOf(item), uri: item.uri, name: nameOf(item, 'uri') },
      ...(Number.isSafeInteger(item.size) && Number(item.size) >= 0 && { size: item.size }),
    }),
  },
  'resources/templates/list': {
    list: 'resourceTemplates',
    key: 'uriTemplate',
    read: (item) => ({ ...textsOf(item), uriTemplate: item.uriTemplate, name: nameOf(item, 'uriTemplate') }),
  },
}

/**
 * Converts a list of prompts, resources or templates to a form that the SDK reads: one item that is
 * not defined as MCP says is left out alone. Undefined if there is no list at all. Results of other
 * methods are returned unchanged.
 */
export function readOffers(method: string, result: Fields): Fields | undefined {
  const kind = KINDS[method]
  if (!kind) return result
  const { nextCursor, ttlMs, resultType, cacheScope } = result
  const items = result[kind.list]
  if (!Array.isArray(items)) return undefined
  const isUsable = (item: unknown): item is Fields =>
    isFields(item) && typeof item[kind.key] === 'string' && item[kind.key] !== ''
  return {
    [kind.list]: items.filter(isUsable).map(kind.read),
    ...(typeof nextCursor === 'string' && nextCursor !== '' && { nextCursor }),
    ...(typeof ttlMs === 'number' && { ttlMs }),
    ...(typeof resultType === 'string' && { resultType }),
    ...(typeof cacheScope === 'string' && { cacheScope }),
  }
}

function readArgument(argument: unknown): Fields[] {
  if (!isFields(argument) || typeof argument.name !== 'string') return []
  const { name, required } = argument
  return [{ ...textsOf(argument), name, ...(typeof required === 'boolean' && { required }) }]
}

function nameOf(item: Fields, otherwise: string): unknown {
  return typeof item.name === 'string' && item.name !== '' ? item.name : item[otherwise]
}

function textsOf(item: Fields): Fields {
  return Object.fromEntries(TEXTS.flatMap((key) => (typeof item[key] === 'string' ? [[key, item[key]]] : [])))
}
