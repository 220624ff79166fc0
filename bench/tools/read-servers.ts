import { readFileSync } from 'node:fs'

/** A tool as its server lists it. */
export type ListedTool = {
  name: string
  description: string
  inputSchema: { type: 'object'; properties: Record<string, object>; required?: string[] }
}

/** What a person asks for, and the tools that do it, as `server/tool`. */
export type AskedRequest = { text: string; right: string[] }

type Case = 'snake' | 'camel' | 'kebab'

// The sentence of a tool that does this with a thing. `{a}` is one, `{the}` the one, `{all}` many.
const SENTENCES: Record<string, string> = {
  list: 'List {all}, with filters and paging.',
  get: 'Get details of {a} by id.',
  search: 'Search for {all}.',
  find: 'Find {all}.',
  create: 'Create {a}.',
  add: 'Add {a}.',
  update: 'Update fields of an existing {one}.',
  edit: 'Edit {a}.',
  delete: 'Delete {a}.',
  remove: 'Remove {a}.',
  query: 'Query {all} with filters and sorts.',
  describe: 'Describe {a}: its columns, types and constraints.',
  close: 'Close {a}.',
  reopen: 'Reopen a closed {one}.',
  rerun: 'Run {a} again.',
  log: 'Log {a} that took place.',
}

const DETAILS: Record<string, string[]> = {
  list: ['limit', 'cursor'],
  search: ['query', 'limit'],
  find: ['query', 'limit'],
  query: ['filter', 'limit'],
}

/** The tools of each server in servers.txt, by the server's name. */
export function readServers(): Map<string, ListedTool[]> {
  const servers = new Map<string, ListedTool[]>()
  let [server, style, prefix]: [string, Case, string] = ['', 'snake', '']
  for (const line of readLines('servers.txt')) {
    const header = /^server (\S+) (snake|camel|kebab)(?: (\S+))?: /.exec(line)
    if (header) {
      server = header[1] ?? ''
      style = header[2] as Case
      prefix = header[3] ?? ''
      servers.set(server, [])
    } else {
      const tools = line.startsWith('* ') ? [readTool(line.slice(2))] : readThing(line, style, prefix)
      servers.get(server)?.push(...tools)
    }
  }
  return servers
}

/** The requests of a file. */
export function readRequests(file: 'requests.txt' | 'later-requests.txt'): AskedRequest[] {
  return readLines(file).map((line) => {
    const [text = '', right = ''] = line.split(' => ')
    return { text, right: right.split(', ') }
  })
}

function readLines(file: string): string[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

function readTool(line: string): ListedTool {
  const [name = '', description = '', parameters = ''] = line.split('|').map((part) => part.trim())
  return { name, description, inputSchema: toSchema(parameters.split(' ').filter(Boolean)) }
}

/** One tool for each verb of a line such as `issue/issues | list get | owner repo | a bug report`. */
function readThing(line: string, style: Case, prefix: string): ListedTool[] {
  const [names = '', verbs = '', parameters = '', gloss = ''] = line.split('|').map((part) => part.trim())
  const [one = '', many = ''] = names.split('/')
  const own = parameters.split(' ').filter(Boolean)
  return verbs.split(' ').map((verb) => {
    const isMany = verb in DETAILS
    const [first = '', ...preposition] = verb.split('_')
    const sentence = SENTENCES[verb] ?? `${toTitle(first)} ${[...preposition, '{a}'].join(' ')}.`
    const article = /^[aeiou]/i.test(one) && !/^u(ser|ni)/i.test(one) ? 'an' : 'a'
    const description = `${sentence.replace('{all}', many).replace('{a}', `${article} ${one}`).replace('{one}', one)} ${toTitle(one)}: ${gloss}.`
    const words = [...verb.split('_'), ...(isMany ? many : one).toLowerCase().split(/[ -]/)]
    const inputSchema = toSchema([...own, ...(DETAILS[verb] ?? [])], isMany ? 0 : 1, one)
    return { name: prefix + toCase(words, style), description, inputSchema }
  })
}

function toCase(words: string[], style: Case): string {
  if (style === 'camel') return words.map((word, index) => (index > 0 ? toTitle(word) : word)).join('')
  return words.join(style === 'kebab' ? '-' : '_')
}

function toTitle(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A schema with these parameters; the first `needed` are required. */
function toSchema(names: string[], needed = 1, of = ''): ListedTool['inputSchema'] {
  const properties = Object.fromEntries(names.map((name) => [name, toParameter(name, of)]))
  const required = names.slice(0, needed)
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}

function toParameter(name: string, of: string): object {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
  const description = `The ${words}${of && ` of the ${of}`}.`
  if (/^is[_A-Z]|^enabled$|^all$|^public$/.test(name)) return { type: 'boolean', description }
  if (/number$|limit|page$|amount|quantity|minutes|days$|max|replicas/i.test(name))
    return { type: 'integer', description }
  if (/(_at|At|start|end|until|since|from|to|date)$/i.test(name))
    return { type: 'string', format: 'date-time', description }
  if (/[^s]s$/.test(name) && !/status|address/.test(name))
    return { type: 'array', items: { type: 'string' }, description }
  return { type: 'string', description }
}
