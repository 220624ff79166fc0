import type { Tool as ToolListing } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Scope } from '#lib/auth/tokens/scopes.ts'
import type { Person } from '#lib/data/people/users.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/** Tells how far the work is, of `total` where that is known. A client that did not ask for it is not bothered. */
export type Report = (progress: number, total?: number, message?: string) => Promise<void>

/** What a tool knows beside its arguments. */
export type ToolContext = {
  caller: Caller
  person: Person
  /** IANA name; UTC where the person's is unknown. */
  timeZone: string
  /** Fires when the client cancels. What was done by then stays done: a tool that gives up throws `signal.reason`. */
  signal: AbortSignal
  report: Report
}

type Definition<Input extends z.ZodObject, Output extends z.ZodObject> = {
  /** snake_case, and for ever: clients and models remember it. */
  name: string
  /** For people, in lists and consent pages. */
  title: string
  /** For models: what it does, when to use it, and what to call before or after. */
  description: string
  access: 'read' | 'write' | 'destructive'
  /** True where a second call with the same arguments changes nothing more. Reading always is. */
  idempotent?: boolean
  /** What a token must be allowed; null for what every token may do. */
  scope: Scope | null
  /** Every field has a limit and a description. */
  input: Input
  /** What comes back is checked against this: a field that is not here never leaves the server. */
  output: Output
  /** Throws AppError with a sentence that tells a model how to go on. */
  run: (input: z.output<Input>, context: ToolContext) => Promise<z.input<Output>>
  /** How the assistant's chat shows the output: a ChatKit widget, or one of its nodes whose `key` says whose place it takes. */
  widget?: (output: z.output<Output>) => Record<string, unknown> | undefined
}

/** A tool as the server keeps it: its definition, and how tools/list shows it. */
export type Tool = Definition<z.ZodObject, z.ZodObject> & { listing: ToolListing }

/** Makes a tool out of its definition. Add it to `toolset.ts`; docs/tools.md shows how. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: Definition<Input, Output>,
): Tool {
  const { name, title, description, access, idempotent = false, input, output } = definition
  const listing = {
    name,
    title,
    description,
    inputSchema: toSchema(input, 'input'),
    outputSchema: toSchema(output, 'output'),
    annotations: {
      readOnlyHint: access === 'read',
      destructiveHint: access === 'destructive',
      idempotentHint: access === 'read' || idempotent,
      openWorldHint: false,
    },
  } as ToolListing
  return { ...(definition as unknown as Definition<z.ZodObject, z.ZodObject>), listing }
}

/** Without `$schema`: 2020-12 is what MCP means anyway, and validators of older clients know no other by name. */
function toSchema(schema: z.ZodObject, io: 'input' | 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
