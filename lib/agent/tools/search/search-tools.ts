import { type FunctionTool, ModelBehaviorError, tool } from '@openai/agents'
import { z } from 'zod'
import { explainUnreadCall } from '#lib/agent/tools/search/call-tool.ts'
import { describeFound } from '#lib/agent/tools/search/found-tools.ts'
import { type FindableTool, ToolIndex } from '#lib/agent/tools/search/tool-index.ts'
import type { CallFacts } from '#lib/mcp-client/calls/calling-run.ts'
import { log } from '#lib/platform/log.ts'

const FOUND_MAX = 5
const NO_QUERY = 'The search was not made: "query" must be a text that says what the tool has to do.'
const SEARCH_FAILED = 'The search failed. Try it once more, or say that you cannot search now.'
const NOT_CALLED = 'It names no tool that can be called, or its arguments are unreadable.'

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
      // Most turns do not search, so the index waits for the first search.
      index ??= new ToolIndex(tools)
      return describeFound(index.find(query, FOUND_MAX), isShown)
    },
    errorFunction: (_context, error) => {
      if (error instanceof ModelBehaviorError) return NO_QUERY
      log.error({ error }, 'tools could not be searched')
      return SEARCH_FAILED
    },
    customDataExtractor: ({ output }) =>
      toFacts(
        names.findTools,
        [NO_QUERY, SEARCH_FAILED].find((sentence) => sentence === output),
      ),
  })
  // A call that can be made has become the call of its tool before it gets here.
  const call = tool({
    name: names.callTool,
    description: `Calls a tool that ${names.findTools} found. It is checked, approved and recorded like any other call.`,
    strict: false,
    parameters: CALL_SCHEMA,
    execute: (input, _context, details) =>
      explainUnreadCall(details?.toolCall?.arguments ?? JSON.stringify(input), all, names.findTools),
    customDataExtractor: () => toFacts(names.callTool, NOT_CALLED),
  })
  return [find, call] as unknown as FunctionTool<Context>[]
}

function toFacts(tool: string, problem: string | undefined): CallFacts {
  const failure = problem ? { class: 'bad_arguments' as const, sentence: problem } : undefined
  return { server: '', tool, durationMs: 0, ...(failure && { failure }) }
}
