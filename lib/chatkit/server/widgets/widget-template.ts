import { Template } from '@huggingface/jinja'
import type { WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { withoutNulls } from '#lib/chatkit/server/operations/wire.ts'

const VERSION = '1.0'

type Schema = { type?: unknown; required?: readonly string[]; properties?: Record<string, Schema>; items?: Schema }

/**
 * A widget from OpenAI's Widget Builder, read from its `.widget` file (protocol section 1.13): a
 * Jinja template that renders to the widget's JSON.
 */
export class WidgetTemplate {
  readonly name: string
  readonly #template: Template
  readonly #schema: Schema

  private constructor(name: string, template: Template, schema: Schema) {
    this.name = name
    this.#template = template
    this.#schema = schema
  }

  /** Reads the text of a `.widget` file. Throws an Error that says what is wrong with it. */
  static parse(text: string): WidgetTemplate {
    const { version, name, template, jsonSchema = {} } = JSON.parse(text) as Record<string, unknown>
    if (version !== VERSION)
      throw new Error(`A widget file of version ${JSON.stringify(version)} cannot be read, only ${VERSION}.`)
    if (typeof name !== 'string' || typeof template !== 'string')
      throw new Error('A widget file needs a name and a template.')
    return new WidgetTemplate(name, new Template(template), jsonSchema as Schema)
  }

  /** The widget for `data`. Throws an Error that names the first missing required value. */
  build(data: Record<string, unknown> = {}): WidgetRoot {
    // The renderer turns missing values into null, which would be noticed only on the screen.
    requireAll(this.#schema, data, 'data')
    const widget: unknown = JSON.parse(this.#template.render(data))
    if (typeof (widget as WidgetRoot | null)?.type !== 'string')
      throw new Error(`The widget file "${this.name}" does not make a widget.`)
    return withoutNulls(widget as WidgetRoot)
  }
}

function requireAll(schema: Schema, value: unknown, path: string): void {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) requireAll(schema.items ?? {}, entry, `${path}[${index}]`)
  } else if (value !== null && typeof value === 'object') {
    const given = value as Record<string, unknown>
    for (const name of schema.required ?? [])
      if (given[name] === undefined) throw new Error(`${path}.${name} is missing.`)
    for (const [name, inner] of Object.entries(schema.properties ?? {}))
      requireAll(inner, given[name], `${path}.${name}`)
  }
}
