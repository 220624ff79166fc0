import type { ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import { chooseUsableTools, type LeftOut } from '#lib/mcp-client/answers/usable-tools.ts'
import { checkOutput } from '#lib/mcp-client/calls/check-output.ts'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import { type Examination, Finding, type Found } from '#lib/mcp-client/doctor/examination.ts'
import { findFix } from '#lib/mcp-client/doctor/find-fix.ts'
import { runModelToolsStep } from '#lib/mcp-client/doctor/model-tool-steps.ts'
import { describeAsks, toSafeDetail } from '#lib/mcp-client/failures/mcp-failure.ts'
import { ASKS } from '#lib/mcp-client/questions/askable-calls.ts'
import { ServerSession } from '#lib/mcp-client/sessions/server-session.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { newSpan, traceparent } from '#lib/platform/telemetry/trace-context.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** The revision, software and tools of the server. */
export type Spoken = { revision: string; software?: string; tools: ToolDefinition[] }

const NEWEST = '2026-07-28'
const END_MS = 1_000
const SAID_MAX_CHARS = 300

/**
 * Connects with the newest revision, lists the tools, connects as an older client, and makes a call
 * if one was requested.
 */
export async function runProtocolSteps({ url, connect, stepMs, call, step }: Examination): Promise<Spoken | undefined> {
  const options = { timeout: stepMs }
  const watch = new AnswerWatch(connect())
  // The tools are listed as a chat lists them. Nobody is asked, and a server that asks is told so.
  const at = { url: url.href, connectMs: stepMs, capabilities: ASKS }
  const session = new ServerSession({ ...at, send: watch.fetch })
  const { client } = session
  const older = new ServerSession({ ...at, send: connect(), handshake: 'initialize' })
  try {
    const newest = await step<{ revision: string; software?: string }>('Connect', async () => {
      await session.open()
      const revision = client.getNegotiatedProtocolVersion() ?? 'unknown'
      const software = softwareOf(client.getServerVersion())
      return {
        said: `revision ${revision}${revision === NEWEST ? ', by discovery' : ', by initialize'}${software ? `, ${software}` : ''}`,
        value: { revision, software },
      }
    })
    if (!newest) return undefined
    const tools = await step<ToolDefinition[]>(
      'Tools',
      async (signal) => {
        // The SDK's client would print a line of its own if the server has no tools.
        const offers = client.getServerCapabilities()?.tools !== undefined
        const listed = offers ? await client.listTools({}, { ...options, signal }) : { tools: [] }
        const { tools, leftOut } = chooseUsableTools(listed.tools)
        return toolsFound(tools, [...watch.leftOut, ...leftOut])
      },
      'list',
    )
    if (tools) await runModelToolsStep(step, tools)
    await step('Older clients', async () => {
      try {
        await older.open()
      } catch (error) {
        if (newest.revision !== NEWEST) throw error
        return { said: `takes clients of ${NEWEST} alone` }
      }
      return { said: `initialize agrees on ${older.client.getNegotiatedProtocolVersion() ?? 'a revision'}` }
    })
    if (call && tools)
      await step(
        `Call ${call.tool}`,
        async (signal) => {
          const trace = traceparent(newSpan('doctor'))
          const listed = tools.find(({ name }) => name === call.tool) as McpTool | undefined
          // As in a turn: with an output schema, the client would discard a result that does not
          // match it, and the check has no time limit.
          const toolDefinition = {
            name: call.tool,
            inputSchema: { type: 'object' as const },
            ...listed,
            outputSchema: undefined,
          }
          const asked = { name: call.tool, arguments: call.args, _meta: { traceparent: trace } }
          const made = client.callTool(asked, { ...options, signal, toolDefinition })
          // If a tool fails because its own request to us was not answered, that is the fault to
          // report.
          const failedOf = (error: unknown) => {
            const asks = watch.asks.take(trace)
            return asks.length > 0 ? new Finding('input_required', describeAsks(asks), { stop: false }) : error
          }
          const answer = (await made.catch((error) => Promise.reject(failedOf(error)))) as Result
          const result = checkOutput(answer, listed)
          const text = toSafeDetail(
            result.content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join(' '),
          )
          if (result.isError)
            throw failedOf(new Finding('tool_error', text || 'It reports an error without a word.', { stop: false }))
          return { said: text || 'done' }
        },
        'call',
      )
    return { ...newest, tools: tools ?? [] }
  } finally {
    // Ending the sessions must not hold us up.
    const ends = Promise.all([session.close(), older.close()])
    await withDeadline(ends, END_MS, () => undefined)
  }
}

function toolsFound(tools: ToolDefinition[], leftOut: LeftOut[]): Found<ToolDefinition[]> {
  const bad = leftOut.map(({ name, why }) => `${name} (${why})`).join(', ')
  const without = bad && `Left out: ${cutText(bad, SAID_MAX_CHARS)}.`
  if (tools.length === 0)
    throw new Finding('no_tools', ['It offers no tools.', without].filter(Boolean).join(' '), { stop: false })
  const names = cutText(tools.map(({ name }) => name).join(', '), SAID_MAX_CHARS)
  const said = `${tools.length}: ${names}${without && `. ${without}`}`
  const fault = leftOut.find((one) => one.fault)?.fault ?? 'bad_tools'
  return { said, value: tools, ...(bad && { warn: { fault, fix: findFix(fault) } }) }
}

function softwareOf(version: { name: string; version: string } | undefined): string | undefined {
  return version && toSafeDetail(`${version.name} ${version.version}`)
}
