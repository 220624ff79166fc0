import type { Tool as ToolListing } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Scope } from '#lib/auth/tokens/scopes.ts'
import type { Person } from '#lib/data/people/users.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/**
 * Reports progress, of `total` if that is known. Sends nothing to a client that did not ask for
 * progress.
 */
export type Report = (progress: number, total?: number, message?: string) => Promise<void>

/** What a tool knows besides its arguments. */
export type ToolContext = {
  caller: Caller
  person: Person
  /** IANA name; UTC if the person's time zone is unknown. */
  timeZone: string
  /**
   * Aborts when the client cancels. Work that is already done stays done: a tool that gives up
   * throws `signal.reason`.
   */
  signal: AbortSignal
  report: Report
  /** Where the assistant's content comes from that others may have written: kept with what it writes. */
  sources: string[]
  /** Notes the sources of what the tool returns. */
  noteSources: (sources: string[]) => void
}

type Definition<Input extends z.ZodObject, Output extends z.ZodObject> = {
  /** snake_case, and never changed: clients and models remember it. */
  name: string
  /** For people, in lists and on consent pages. */
  title: string
  /** For models: what it does, when to use it, and what to call before or after. */
  description: string
  access: 'read' | 'write' | 'destructive'
  /** True if a second call with the same arguments changes nothing more. Always true for reads. */
  idempotent?: boolean
  /** The scope that a token must have; null if any token may call it. */
  scope: Scope | null
  /** Every field needs a limit and a description. */
  input: Input
  /** The result is parsed with this: a field that is not here never leaves the server. */
  output: Output
  /** Throws AppError with a sentence that tells a model what to do next. */
  run: (input: z.output<Input>, context: ToolContext) => Promise<z.input<Output>>
  /**
   * How the assistant's chat shows the output: a ChatKit widget, or a node of one whose `key` names
   * the node that it replaces.
   */
  widget?: (output: z.output<Output>) => Record<string, unknown> | undefined
}

/** A tool as the server keeps it: its definition and its entry in tools/list. */
export type Tool = Definition<z.ZodObject, z.ZodObject> & { listing: ToolListing }

/** Makes a tool from its definition. Add the tool to `toolset.ts`; docs/tools.md shows how. */
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

/**
 * Omits `$schema`: MCP implies 2020-12, and validators of older clients do not know that dialect by
 * name.
 */
function toSchema(schema: z.ZodObject, io: 'input' | 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
