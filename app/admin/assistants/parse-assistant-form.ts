import { parseAudience } from '#app/admin/audience/parse-audience.ts'
import { listUnknownPlaces } from '#lib/agent/assistants/fill-placeholders.ts'
import { BRIEF_MAX_TOKENS } from '#lib/agent/input/write-brief.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { AssistantConfig, Slug } from '#lib/data/assistants/assistant-config.ts'
import { AppError } from '#lib/platform/errors.ts'

/** Reads the form of an assistant. Throws bad_request with the field and what is wrong. */
export async function parseAssistantForm(form: FormData): Promise<{ slug: string; config: AssistantConfig }> {
  const text = (name: string) => String(form.get(name) ?? '')
  const slug = Slug.safeParse(text('slug'))
  if (!slug.success) throw new AppError('bad_request', `Short name ${slug.error.issues[0]?.message}.`)
  const parsed = AssistantConfig.safeParse({
    name: text('name'),
    description: text('description'),
    colour: text('colour'),
    picture: text('picture'),
    instructions: text('instructions').replaceAll('\r\n', '\n'),
    model: text('model') || null,
    temperature: text('temperature').trim() === '' ? null : Number(text('temperature').replace(',', '.')),
    reasoning: text('reasoning') || null,
    tools: readTools(form),
    start: { greeting: text('greeting'), prompts: readPrompts(text('prompts')) },
    audience: await parseAudience(form),
    handovers: readHandovers(form),
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const label = LABELS[String(issue?.path[0])] ?? 'The form'
    throw new AppError('bad_request', `${label}: ${issue?.message ?? 'cannot be read'}.`)
  }
  requireFitting(parsed.data.instructions, BRIEF_MAX_TOKENS.assistant)
  return { slug: slug.data, config: parsed.data }
}

/** Throws bad_request if instructions have unknown placeholders or cost more than `maxTokens`. */
export function requireFitting(instructions: string, maxTokens: number): void {
  const [unknown] = listUnknownPlaces(instructions)
  if (unknown !== undefined) throw new AppError('bad_request', `Instructions: {{${unknown}}} is not a placeholder.`)
  const tokens = estimateTokens(instructions)
  if (tokens > maxTokens)
    throw new AppError(
      'bad_request',
      `Instructions: about ${tokens.toLocaleString('en')} tokens, ${maxTokens.toLocaleString('en')} at most. Each request carries them.`,
    )
}

const LABELS: Record<string, string> = {
  name: 'Name',
  description: 'Description',
  colour: 'Colour',
  picture: 'Picture',
  instructions: 'Instructions',
  model: 'Model',
  temperature: 'Temperature',
  reasoning: 'Reasoning',
  tools: 'Tools',
  start: 'Start screen',
  audience: 'For',
  handovers: 'Handovers',
}

function readTools(form: FormData): unknown {
  const kind = String(form.get('tools') ?? 'all')
  if (kind !== 'chosen') return { kind }
  const servers = form.getAll('server').map((server) => ({
    server: String(server),
    tools: String(form.get(`tools:${server}`) ?? '')
      .split(/[\s,]+/)
      .filter(Boolean),
  }))
  return { kind, servers }
}

function readHandovers(form: FormData): unknown {
  const kind = String(form.get('handovers') ?? 'none')
  return kind === 'chosen' ? { kind, assistants: form.getAll('handover').map(String) } : { kind }
}

/** One prompt a line: `label | what is sent`, or only what is sent. */
function readPrompts(text: string): { label: string; prompt: string }[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const at = line.indexOf('|')
      if (at < 0) return { label: line.slice(0, 80), prompt: line }
      return { label: line.slice(0, at).trim(), prompt: line.slice(at + 1).trim() }
    })
}
