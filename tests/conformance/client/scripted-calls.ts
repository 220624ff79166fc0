import type { Step } from '#tests/support/models/openai-server.ts'

/** A tool as the model is offered it. */
export type Offered = { name: string; parameters?: Schema }
type Schema = { type?: string | string[]; properties?: Record<string, Schema>; required?: string[]; enum?: unknown[] }
type Call = { name: string; arguments: Record<string, unknown> }

/**
 * The calls that the scripted model makes: those that a scenario asks for, else one of each tool
 * that is offered, with made-up arguments.
 */
export function callsFor(wanted: unknown, offered: Offered[]): NonNullable<Step['calls']> {
  if (!Array.isArray(wanted)) return offered.map(({ name, parameters }) => ({ name, arguments: makeUp(parameters) }))
  return (wanted as Call[]).flatMap((call) => {
    const name = call.name.replace(/[^A-Za-z0-9]/g, '_')
    return offered.some((tool) => tool.name === name) ? [{ ...call, name }] : []
  })
}

function makeUp({ properties = {}, required = [] }: Schema = {}): Record<string, unknown> {
  return Object.fromEntries(required.map((key) => [key, exampleOf(properties[key])]))
}

function exampleOf(schema: Schema = {}): unknown {
  if (schema.enum) return schema.enum[0]
  const type = [schema.type].flat()[0]
  if (type === 'number' || type === 'integer') return 2
  if (type === 'boolean') return true
  if (type === 'array') return []
  if (type === 'object') return makeUp(schema)
  return 'text'
}
