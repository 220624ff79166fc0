import { type FunctionTool, tool } from '@openai/agents'
import { z } from 'zod'
import { explainUnreadCall } from '#lib/agent/tools/search/call-tool.ts'
import { describeFound } from '#lib/agent/tools/search/found-tools.ts'
import { type FindableTool, ToolIndex } from '#lib/agent/tools/search/tool-index.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'

const FOUND_MAX = 5

/** A call of `call_tool` as its schema describes it. Any object is accepted as arguments. */
const CALL_SCHEMA = {
  type: 'object' as const,
  properties: {
    name: { type: 'string', description: 'The name of the tool, as it was found.' },
    arguments: {
      type: 'object',
      description: 'The arguments of the tool, as its schema describes them.',
      properties: {},
      additionalProperties: true,
    },
  },
  required: ['name', 'arguments'],
  additionalProperties: true as const,
}

/**
 * The tools by which a model finds and calls those that it does not see. `names` are their free
 * names, `tools` the tools that can be found, and `isShown` says which of them the model sees.
 */
export function makeSearchTools<Context>(
  names: { findTools: string; callTool: string },
  tools: FindableTool[],
  isShown: (name: string) => boolean,
): FunctionTool<Context>[] {
  let index: ToolIndex<FindableTool> | undefined
  const all = new Set(tools.map(({ name }) => name))
  const find = tool({
    name: names.findTools,
    description: `Finds tools that you do not see, by what they do. Answers with the ${FOUND_MAX} best, each with its server, description and arguments. Search for one action at a time, in a few English words: what is to be done with what, and the service if it is known, such as "create invoice stripe".`,
    parameters: z.object({ query: z.string().describe('What the tool has to do.') }),
    execute: ({ query }) => {
      // Most turns find nothing, so the index waits for the first that does.
      index ??= new ToolIndex(tools)
      return describeFound(index.find(query, FOUND_MAX), isShown)
    },
    customDataExtractor: () => factsOf(names.findTools),
  })
  // A call that can be made has become the call of its tool before it gets here.
  const call = tool({
    name: names.callTool,
    description: `Calls a tool that ${names.findTools} found. It is checked, approved and recorded like any other call.`,
    strict: false,
    parameters: CALL_SCHEMA,
    execute: (input, _context, details) =>
      explainUnreadCall(details?.toolCall?.arguments ?? JSON.stringify(input), all, names.findTools),
    customDataExtractor: () => ({
      ...factsOf(names.callTool),
      failure: {
        class: 'bad_arguments',
        sentence: 'It names no tool that can be called, or its arguments are unreadable.',
      },
    }),
  })
  return [find, call] as unknown as FunctionTool<Context>[]
}

function factsOf(name: string): CallFacts {
  return { server: '', tool: name, durationMs: 0 }
}
