/** A text of a call. `bytes` is its true size; null if nobody measured it. */
export type ShownText = { text: string; bytes: number | null; is_shortened: boolean }

/** A tool call as its line in the chat opens to it (protocol section 1.15). */
export type ShownCall = {
  server: string
  tool: string
  status: string
  started_at: string
  duration_ms: number | null
  request: ShownText
  /** Null if none is recorded. */
  response: ShownText | null
  /** The page with the whole record. Absent in a shared conversation: that page is its owner's. */
  href?: string
}
