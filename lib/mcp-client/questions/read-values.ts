import { z } from 'zod'
import type { Field } from '#lib/mcp-client/questions/question-fields.ts'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'
import { toInstant } from '#lib/platform/text/zoned-time.ts'

const TEXT_MAX_CHARS = 20_000

type Content = NonNullable<QuestionAnswer['content']>
type Value = Content[string]

/** What is wrong with the value of the field with this title. `limit` is what it must keep to. */
export type Misfit = {
  why:
    | ('missing' | 'option' | 'number' | 'whole' | 'least' | 'most' | 'long')
    | ('fewChars' | 'manyChars' | 'fewChoices' | 'manyChoices' | 'email' | 'uri' | 'date' | 'dateTime')
  title: string
  limit?: number
}

/**
 * A field's value is not what its schema asks for. No AppError: it is thrown and caught in this
 * file, and what is wrong is returned.
 */
class Unfit extends Error {
  readonly misfit: Misfit

  constructor(why: Misfit['why'], title: string, limit?: number) {
    super(why)
    this.misfit = { why, title, ...(limit !== undefined && { limit }) }
  }
}

/** The name of a field's control in the form. Names of the server could mean something to a form. */
export function toControlName(index: number): string {
  return `f${index}`
}

/**
 * The answer that a form's controls hold, as the schema wants it. An empty optional field is left
 * out. `problem` says what is wrong. Times without a zone are of
 * `timeZone`.
 */
export function readValues(
  fields: Field[],
  values: unknown,
  timeZone: string,
): { content: Content; problem?: undefined } | { problem: Misfit } {
  const given = (values ?? {}) as Record<string, unknown>
  const content: Content = {}
  try {
    for (const [index, field] of fields.entries()) {
      const value = readValue(field, given[toControlName(index)], timeZone)
      if (value !== undefined) Object.defineProperty(content, field.name, { value, enumerable: true, writable: true })
      else if (field.isRequired) throw new Unfit('missing', field.title)
    }
    return { content }
  } catch (error) {
    if (error instanceof Unfit) return { problem: error.misfit }
    throw error
  }
}

function readValue(field: Field, value: unknown, timeZone: string): Value | undefined {
  switch (field.kind) {
    case 'boolean':
      return value === true || value === 'true'
    case 'choices':
      return readChoices(field, value)
    case 'choice':
      if (value === undefined || value === '') return undefined
      return requireOption(field, value)
    case 'number':
      return value === undefined || value === '' ? undefined : readNumber(field, value)
    case 'text':
      return value === undefined || value === '' ? undefined : readText(field, value, timeZone)
  }
}

function readChoices(field: Field & { kind: 'choices' }, value: unknown): string[] | undefined {
  const ticked = (value ?? {}) as Record<string, unknown>
  const chosen = field.options.filter((_, index) => ticked[index] === true).map((option) => option.value)
  if (chosen.length === 0 && !field.isRequired && !field.min) return undefined
  if (chosen.length < (field.min ?? 0)) throw new Unfit('fewChoices', field.title, field.min)
  if (chosen.length > (field.max ?? Number.POSITIVE_INFINITY)) throw new Unfit('manyChoices', field.title, field.max)
  return chosen
}

function requireOption({ options, title }: Field & { kind: 'choice' }, value: unknown): string {
  const option = options.find((one) => one.value === value)
  if (!option) throw new Unfit('option', title)
  return option.value
}

function readNumber({ isInteger, min, max, title }: Field & { kind: 'number' }, value: unknown): number {
  const number = typeof value === 'number' ? value : Number(String(value).trim().replace(',', '.'))
  if (!Number.isFinite(number)) throw new Unfit('number', title)
  if (isInteger && !Number.isSafeInteger(number)) throw new Unfit('whole', title)
  if (number < (min ?? -Infinity)) throw new Unfit('least', title, min)
  if (number > (max ?? Infinity)) throw new Unfit('most', title, max)
  return number
}

const FORMATS = {
  email: { check: z.email(), why: 'email' },
  uri: { check: z.string().refine((text) => URL.canParse(text)), why: 'uri' },
  date: { check: z.iso.date(), why: 'date' },
  'date-time': { check: z.iso.datetime({ offset: true }), why: 'dateTime' },
} as const

function readText({ format, min, max, title }: Field & { kind: 'text' }, value: unknown, timeZone: string): string {
  if (typeof value !== 'string' || value.length > TEXT_MAX_CHARS) throw new Unfit('long', title)
  const text = format === 'date-time' ? (toInstant(value, timeZone) ?? value) : format ? value.trim() : value
  if (format && !FORMATS[format].check.safeParse(text).success) throw new Unfit(FORMATS[format].why, title)
  // The protocol counts characters as JSON Schema does.
  const length = [...text].length
  if (length < (min ?? 0)) throw new Unfit('fewChars', title, min)
  if (length > (max ?? Number.POSITIVE_INFINITY)) throw new Unfit('manyChars', title, max)
  return text
}
