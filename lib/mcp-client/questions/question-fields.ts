import { z } from 'zod'

/** The most fields of a form and options of a choice. Nobody reads more. */
const FIELDS_MAX = 40
const OPTIONS_MAX = 300
const TEXT_MAX_CHARS = 2_000

const Text = z.string().max(TEXT_MAX_CHARS)
const Bound = z.number().optional()
const Titled = z
  .array(z.object({ const: Text, title: Text.optional() }))
  .min(1)
  .max(OPTIONS_MAX)
const Plain = z.array(Text).min(1).max(OPTIONS_MAX)

const About = { title: Text.optional(), description: Text.optional() }
const Choices = z.union([
  z.object({ oneOf: Titled }).transform(({ oneOf }) => oneOf.map(toOption)),
  z.object({ anyOf: Titled }).transform(({ anyOf }) => anyOf.map(toOption)),
  z
    .object({ enum: Plain, enumNames: z.array(Text).optional() })
    .transform(({ enum: values, enumNames = [] }) =>
      values.map((value, index) => ({ value, label: enumNames[index] ?? value })),
    ),
])

const StringSchema = z.object({
  ...About,
  type: z.literal('string'),
  format: z.enum(['email', 'uri', 'date', 'date-time']).optional().catch(undefined),
  minLength: Bound,
  maxLength: Bound,
  default: Text.optional().catch(undefined),
})
const NumberSchema = z.object({
  ...About,
  type: z.enum(['number', 'integer']),
  minimum: Bound,
  maximum: Bound,
  default: z.number().optional().catch(undefined),
})
const BooleanSchema = z.object({
  ...About,
  type: z.literal('boolean'),
  default: z.boolean().optional().catch(undefined),
})
const ListSchema = z.object({
  ...About,
  type: z.literal('array'),
  minItems: Bound,
  maxItems: Bound,
  items: z.unknown(),
  default: z.array(Text).optional().catch(undefined),
})

type Option = { value: string; label: string }
type Kind =
  | { kind: 'text'; format?: 'email' | 'uri' | 'date' | 'date-time'; min?: number; max?: number; initial?: string }
  | { kind: 'number'; isInteger: boolean; min?: number; max?: number; initial?: number }
  | { kind: 'boolean'; initial?: boolean }
  | { kind: 'choice'; options: Option[]; initial?: string }
  | { kind: 'choices'; options: Option[]; min?: number; max?: number; initial?: string[] }

/** A field of a form, as its schema describes it. `min` and `max` count characters, options or units. */
export type Field = Kind & { name: string; title: string; description?: string; isRequired: boolean }

/**
 * The fields that a schema asks for, in order; or why they cannot be shown, as the end of a
 * sentence.
 */
export function readFields({
  properties,
  required = [],
}: {
  properties: Record<string, unknown>
  required?: string[]
}): Field[] | { problem: string } {
  const entries = Object.entries(properties)
  if (entries.length > FIELDS_MAX) return { problem: `it has more than ${FIELDS_MAX} fields` }
  const fields: Field[] = []
  for (const [name, schema] of entries) {
    const kind = readKind(schema)
    if (!kind) return { problem: `its field ${JSON.stringify(name.slice(0, 100))} is of an unknown kind` }
    const { title = name, description } = schema as { title?: string; description?: string }
    fields.push({ ...kind, name, title, ...(description && { description }), isRequired: required.includes(name) })
  }
  return fields
}

function readKind(schema: unknown): Kind | undefined {
  const { type } = (schema ?? {}) as { type?: unknown }
  if (type === 'string') return readText(schema)
  if (type === 'array') return readChoices(schema)
  if (type === 'boolean') {
    const { data } = BooleanSchema.safeParse(schema)
    return data && { kind: 'boolean', ...(data.default !== undefined && { initial: data.default }) }
  }
  const { data } = NumberSchema.safeParse(schema)
  return (
    data && {
      kind: 'number',
      isInteger: data.type === 'integer',
      ...boundsOf(data.minimum, data.maximum),
      ...(data.default !== undefined && { initial: data.default }),
    }
  )
}

function readText(schema: unknown): Kind | undefined {
  const { data } = StringSchema.safeParse(schema)
  if (!data) return undefined
  const initial = data.default === undefined ? {} : { initial: data.default }
  if ('enum' in (schema as object) || 'oneOf' in (schema as object)) {
    const { data: options } = Choices.safeParse(schema)
    return options && { kind: 'choice', options, ...initial }
  }
  const format = data.format === undefined ? {} : { format: data.format }
  return { kind: 'text', ...format, ...boundsOf(data.minLength, data.maxLength), ...initial }
}

function readChoices(schema: unknown): Kind | undefined {
  const { data } = ListSchema.safeParse(schema)
  const { data: options } = Choices.safeParse(data?.items)
  if (!data || !options) return undefined
  const initial = data.default === undefined ? {} : { initial: data.default }
  return { kind: 'choices', options, ...boundsOf(data.minItems, data.maxItems), ...initial }
}

function boundsOf(min: number | undefined, max: number | undefined): { min?: number; max?: number } {
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
}

function toOption({ const: value, title = value }: { const: string; title?: string | undefined }): Option {
  return { value, label: title }
}
