import { z } from 'zod'
import { Audience, EVERYBODY } from '#lib/data/audience.ts'
import { REASONING_LEVELS } from '#lib/data/models/model-facts.ts'
import { ServerName } from '#lib/data/servers/server-config.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** The assistant that people talk to if they choose no other. It exists without a row. */
export const DEFAULT_SLUG = 'switchboard'

/** The colours of assistants, by name: each scheme has its own shade. */
export const COLOURS = ['blue', 'teal', 'green', 'amber', 'red', 'pink', 'purple', 'gray'] as const
export type Colour = (typeof COLOURS)[number]

/** The pictures of assistants, by the names of ChatKit's icons. */
export const PICTURES = [
  'agent',
  'sparkle',
  'compass',
  'book-open',
  'calendar',
  'chart',
  'globe',
  'mail',
  'notebook-pencil',
  'profile-card',
  'square-code',
  'suitcase',
] as const
export type Picture = (typeof PICTURES)[number]

const text = (min: number, max: number) =>
  z
    .string()
    .transform((value) => toStorableText(value).trim())
    .pipe(
      z
        .string()
        .min(min, 'must not be empty')
        .max(max, `must have at most ${max.toLocaleString('en')} characters`),
    )
/** One line without control characters, because names stand in lists and in instructions. */
const line = (min: number, max: number) =>
  text(min, max)
    .transform((value) => value.replace(/[\p{C}\s]+/gu, ' ').trim())
    .pipe(z.string().min(min, 'must not be empty'))

/** The short, stable name of an assistant in links and files. */
export const Slug = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'has at most 40 small letters, digits and hyphens, and begins with none of these')

/**
 * Which of the person's tools an assistant may use. A chosen server without tools stands for all of
 * its tools; `*` in a tool's name matches anything.
 */
export const ToolChoice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('chosen'),
    servers: z
      .array(
        z.strictObject({ server: ServerName, tools: z.array(z.string().trim().min(1).max(100)).max(200).default([]) }),
      )
      .max(100),
  }),
])
export type ToolChoice = z.infer<typeof ToolChoice>

/** To whom an assistant may hand a conversation over. */
export const Handovers = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('chosen'), assistants: z.array(Slug).max(50) }),
])
export type Handovers = z.infer<typeof Handovers>

/** All that an operator decides about an assistant. */
export const AssistantConfig = z.strictObject({
  name: line(1, 60),
  /** For people, and for the assistant that decides whether to hand over. */
  description: line(0, 300).default(''),
  colour: z.enum(COLOURS).default('blue'),
  picture: z.enum(PICTURES).default('agent'),
  /** May contain placeholders (lib/agent/assistants/fill-placeholders.ts). */
  instructions: text(0, 32_000).default(''),
  /** The id of an offered model. Null: the one that the person chose, or their default. */
  model: z.string().trim().min(1).max(200).nullable().default(null),
  temperature: z.number().min(0).max(2).nullable().default(null),
  reasoning: z.enum(REASONING_LEVELS).nullable().default(null),
  tools: ToolChoice.default({ kind: 'all' }),
  start: z
    .strictObject({
      greeting: line(0, 200).default(''),
      prompts: z
        .array(z.strictObject({ label: line(1, 80), prompt: text(1, 2_000) }))
        .max(8)
        .default([]),
    })
    .default({ greeting: '', prompts: [] }),
  audience: Audience.default(EVERYBODY),
  handovers: Handovers.default({ kind: 'none' }),
})
export type AssistantConfig = z.infer<typeof AssistantConfig>
