import {
  isFailure,
  isFailureBody,
  type ModelServerError,
  toServerError,
} from '#lib/agent/models/openai/failures/server-error.ts'

// Frames that may report a failure or the end. FastAPI and MiniMax put the error itself at the
// frame's start.
const TELLING =
  /"error"|"status_code"\s*:\s*[1-9]|^\s*\{\s*"(?:detail|message|msg|status|code|errors)"|"type"\s*:\s*"(?:error|response\.(?:completed|incomplete|failed|error))"/

type Found = {
  /** True if nothing follows this event. */
  isLast: boolean
  /** The failure that the event reports beside words of the answer. */
  failure?: ModelServerError
  /** What is a failure only if no answer follows. */
  suspicion?: ModelServerError
}

/**
 * Looks into the few events that say how the stream went. Throws the ModelServerError of an event
 * that is nothing else.
 */
export function inspectEvent(
  { event, data }: { event?: string; data: string },
  answered: { status: number; headers: Headers },
): Found {
  const isError = event === 'error'
  if (!isError && !TELLING.test(data)) return { isLast: false }
  let frame: Frame
  try {
    frame = JSON.parse(data)
  } catch {
    if (isError) throw toServerError({ message: data }, answered)
    return { isLast: false }
  }
  const type = frame.type ?? ''
  if (isError || type === 'error' || type === 'response.error' || isFailure(frame)) throw toServerError(frame, answered)
  const { response } = frame
  if (type === 'response.failed' || response?.status === 'failed')
    throw toServerError(response?.error ? response : { ...frame, code: response?.incomplete_details?.reason }, answered)
  if (isFailureBody(frame)) return { isLast: false, suspicion: toServerError(frame, answered) }
  // OpenRouter puts the error beside the last words.
  const choice = Array.isArray(frame.choices) ? frame.choices[0] : undefined
  if (choice?.error) return { isLast: false, failure: toServerError(choice, answered) }
  return { isLast: type === 'response.completed' || type === 'response.incomplete' }
}

type Frame = {
  type?: string
  error?: unknown
  choices?: ({ error?: unknown } | null)[]
  response?: { error?: unknown; status?: string; incomplete_details?: { reason?: unknown } | null }
}
