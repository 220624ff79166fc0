import type { SessionName } from '#lib/mcp-client/sessions/server-session.ts'

/**
 * Where a call goes on at its server, as a task. Its id may open the task to whoever knows it, so it
 * is stored sealed only, and is told to no other address. `isModern`: by the extension of 2026-07-28, else as in 2025-11-25, where
 * the task may belong to a session.
 */
export type TaskHandle = {
  id: string
  url: string
  isModern: boolean
  session?: SessionName
  /** The keys of what the task asked and was answered: it may go on to name them for a while. */
  answered?: string[]
}
