import { z } from 'zod'
import { readFields } from '#lib/mcp-client/questions/question-fields.ts'
import { findSensitiveNames } from '#lib/mcp-client/tools/sensitive-fields.ts'
import { findSecrecy } from '#lib/platform/redaction/secret-names.ts'

/** The longest message (characters) that a card shows. */
const MESSAGE_MAX_CHARS = 4_000

const Form = z.object({
  mode: z.literal('form').default('form'),
  message: z.string(),
  requestedSchema: z.looseObject({
    properties: z.record(z.string(), z.record(z.string(), z.unknown())),
    required: z.array(z.string()).default([]),
  }),
})

const Address = z.object({
  mode: z.literal('url'),
  message: z.string(),
  url: z.string(),
  elicitationId: z.string().optional(),
})

/**
 * What a server asks a person during a call (MCP: elicitation): to fill in a form, or to do
 * something at an address.
 */
export type ServerQuestion = z.infer<typeof Form> | z.infer<typeof Address>

/** A person's answer, as the protocol writes it. */
export type QuestionAnswer = {
  action: 'accept' | 'decline' | 'cancel'
  content?: Record<string, string | number | boolean | string[]>
  _meta?: Record<string, unknown>
}

/** A question that is put to nobody. `reason` is told to the server, `sentence` to the person. */
export type UnfitQuestion = { reason: string; sentence: string }

/** Reads the parameters of `elicitation/create`. A question that no card may show is unfit. */
export function readServerQuestion(params: unknown): ServerQuestion | UnfitQuestion {
  const { mode } = (params ?? {}) as { mode?: unknown }
  const read = (mode === 'url' ? Address : Form).safeParse(params)
  if (!read.success) return unreadable('it is not a form or an address')
  const question = read.data
  if (question.message.length > MESSAGE_MAX_CHARS) return unreadable('its message is too long')
  return (question.mode === 'url' ? findBadAddress(question.url) : findUnfitFields(question)) ?? question
}

/** True for a question that is put to nobody. */
export function isUnfit(question: ServerQuestion | UnfitQuestion): question is UnfitQuestion {
  return 'reason' in question
}

function findBadAddress(url: string): UnfitQuestion | undefined {
  const { protocol, username, password } = URL.parse(url) ?? {}
  const isPlain = protocol === 'https:' || protocol === 'http:'
  return isPlain && !username && !password ? undefined : unreadable('its address is not one of the web')
}

function findUnfitFields({ requestedSchema }: z.infer<typeof Form>): UnfitQuestion | undefined {
  const marked = new Set(findSensitiveNames(requestedSchema))
  for (const [name, { title }] of Object.entries(requestedSchema.properties)) {
    const isSecret =
      marked.has(name) ||
      findSecrecy(name) === 'strong' ||
      (typeof title === 'string' && findSecrecy(title) === 'strong')
    if (isSecret)
      return {
        reason: `Switchboard asks nobody for a secret in a form, and the field ${JSON.stringify(name)} looks like one. Ask for it in URL mode.`,
        sentence: 'It asked for something that looks like a secret, so you were not asked.',
      }
  }
  const fields = readFields(requestedSchema)
  return Array.isArray(fields) ? undefined : unreadable(fields.problem)
}

function unreadable(problem: string): UnfitQuestion {
  return {
    reason: `Switchboard cannot show this question: ${problem}.`,
    sentence: `It asked something that cannot be shown: ${problem}.`,
  }
}
