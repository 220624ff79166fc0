import { Refusal } from '#lib/mcp-client/refusal.ts'
import { findLastFailure, findRetryTime } from '#lib/mcp-client/servers/health.ts'
import { log } from '#lib/platform/log.ts'

/** Why a server whose circuit is open is not asked, and when it will be asked again. */
export function toDownRefusal(url: string): Refusal {
  const seconds = Math.max(1, Math.ceil(((findRetryTime(url)?.getTime() ?? 0) - Date.now()) / 1000))
  log.debug({ seconds }, 'MCP server not asked: its circuit is open')
  const { failureClass = 'connect_timeout', sentence = '' } = findLastFailure(url) ?? {}
  const why = failureClass === 'connect_timeout' ? 'The server of this tool did not answer lately.' : sentence
  return new Refusal(failureClass, `${why} It is asked again in ${seconds} s.`)
}
