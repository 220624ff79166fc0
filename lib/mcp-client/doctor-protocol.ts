import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { ToolDefinition } from '#lib/data/tool-pins.ts'
import { type Examination, Finding } from '#lib/mcp-client/examination.ts'
import { safeDetail } from '#lib/mcp-client/failure.ts'

/** What a server turned out to speak and to offer. */
export type Spoken = { revision: string; software?: string; tools: ToolDefinition[] }

const US = { name: 'switchboard-doctor', version: '1' }
const NEWEST = '2026-07-28'

/** The newest revision, the older ones, the tools, and a call where one is asked for. */
export async function protocolSteps({ url, send, stepMs, call, step }: Examination): Promise<Spoken | undefined> {
  const options = { timeout: stepMs }
  const client = new Client(US, { versionNegotiation: { mode: 'auto' } })
  const older = new OlderClient(US)
  try {
    const newest = await step<{ revision: string; software?: string }>('Connect', async (signal) => {
      await client.connect(new StreamableHTTPClientTransport(url, { fetch: send }), { ...options, signal })
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
        // The SDK's client prints a line of its own where a server has none.
        const offers = client.getServerCapabilities()?.tools !== undefined
        const listed = offers ? await client.listTools({}, { ...options, signal }) : { tools: [] }
        const said =
          listed.tools.length === 0
            ? 'none'
            : `${listed.tools.length}: ${listed.tools
                .map(({ name }) => name)
                .join(', ')
                .slice(0, 300)}`
        if (listed.tools.length === 0) throw new Finding('no_tools', 'It offers no tools.', { stop: false })
        return { said, value: listed.tools as ToolDefinition[] }
      },
      'list',
    )
    await step('Older clients', async (signal) => {
      const transport = new OlderTransport(url, { fetch: send })
      try {
        await older.connect(transport as never, { ...options, signal })
      } catch (error) {
        if (newest.revision !== NEWEST) throw error
        return { said: `takes clients of ${NEWEST} alone` }
      }
      return { said: `initialize agrees on ${(transport as { protocolVersion?: string }).protocolVersion ?? 'a revision'}` }
    })
    if (call && tools)
      await step(
        `Call ${call.tool}`,
        async (signal) => {
          const result = await client.callTool({ name: call.tool, arguments: call.args }, { ...options, signal })
          const text = safeDetail(result.content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join(' '))
          if (result.isError) throw new Finding('tool_error', text || 'It reports an error without a word.', { stop: false })
          return { said: text || 'done' }
        },
        'call',
      )
    return { ...newest, tools: tools ?? [] }
  } finally {
    // A DELETE of a session that nobody answers must not hold anybody up.
    void client.close().catch(() => undefined)
    void older.close().catch(() => undefined)
  }
}

function softwareOf(version: { name: string; version: string } | undefined): string | undefined {
  return version && safeDetail(`${version.name} ${version.version}`)
}
