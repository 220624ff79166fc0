import {
  InputGuardrailTripwireTriggered,
  MaxTurnsExceededError,
  ModelBehaviorError,
  ModelRefusalError,
  OutputGuardrailTripwireTriggered,
  ToolInputGuardrailTripwireTriggered,
  ToolOutputGuardrailTripwireTriggered,
} from '@openai/agents'
import { APIConnectionError, APIError } from 'openai'
import { waitText } from '#lib/agent/models/openai/failures/retry-after.ts'
import {
  findServerError,
  type ModelServerError,
  toServerError,
} from '#lib/agent/models/openai/failures/server-error.ts'
import { findUsageRefusal } from '#lib/agent/models/usage/usage-refusal.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import { ownFailureClass, RUN_FAILURES, type RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { AppError, toAppError } from '#lib/platform/errors.ts'

/**
 * How a failed turn is recorded and reported. `sentence` and `retry` (trying again may help) are
 * for the person. `detail` is what the model's server said, for operators.
 */
export type TurnFailure = { failureClass: RunFailureClass; sentence: string; retry: boolean; detail?: FailureDetail }

/**
 * A fault of the model's stream that the SDK does not detect. No AppError: `toTurnFailure` has the
 * sentences.
 */
export class ModelFault extends Error {
  readonly failureClass: 'model_cut' | 'model_silent' | 'model_empty' | 'model_filtered'

  constructor(failureClass: ModelFault['failureClass'], message: string) {
    super(message)
    this.name = 'ModelFault'
    this.failureClass = failureClass
  }
}

const GUARDRAILS = [
  InputGuardrailTripwireTriggered,
  OutputGuardrailTripwireTriggered,
  ToolInputGuardrailTripwireTriggered,
  ToolOutputGuardrailTripwireTriggered,
]

/** True if a guardrail rejected the turn, so that nothing of it may stay. */
export function isGuardrail(error: unknown): boolean {
  return GUARDRAILS.some((kind) => error instanceof kind)
}

/**
 * Converts any error of a turn to what is recorded and reported. The sentence contains no words of
 * the error itself, except the public message of an AppError.
 */
export function toTurnFailure(error: unknown): TurnFailure {
  const refusal = findUsageRefusal(error)
  if (refusal) return { ...toFailure(refusal.failureClass), sentence: refusal.sentence }
  if (error instanceof ModelFault) return toFailure(error.failureClass, { message: error.message })
  const said = findServerError(error)
  if (said) return fromServer(said)
  if (error instanceof APIConnectionError) return toFailure('model_unreachable', cutDetail(error))
  if (error instanceof APIError) return fromServer(toServerError(error.error ?? error.message, error))
  if (error instanceof ModelRefusalError) return toFailure('model_refused')
  if (isGuardrail(error)) return toFailure('guardrail')
  if (error instanceof MaxTurnsExceededError) return toFailure('max_turns')
  // What the SDK throws for a stream that ended wrongly.
  if (error instanceof ModelBehaviorError) return toFailure('model_cut', { message: error.message })
  if (error instanceof AppError)
    return {
      ...toFailure(ownFailureClass(error)),
      sentence: error.message,
      retry: error.status >= 429,
    }
  if (isCutSocket(error)) return toFailure('model_cut', cutDetail(error))
  return { ...toFailure(ownFailureClass(error)), sentence: toAppError(error).message }
}

function toFailure(failureClass: RunFailureClass, detail?: FailureDetail): TurnFailure {
  const { sentence, retry } = RUN_FAILURES[failureClass]
  return { failureClass, sentence, retry, ...(detail && { detail }) }
}

function fromServer({ failureClass, detail, retryAfterMs }: ModelServerError): TurnFailure {
  const failure = toFailure(failureClass, detail)
  if (retryAfterMs === undefined) return failure
  return { ...failure, sentence: failure.sentence.replace(/in a moment\.$/, `in ${waitText(retryAfterMs)}.`) }
}

// undici's messages for a socket that closed in the middle of a body. A SyntaxError means that a
// frame was cut or damaged.
function isCutSocket(error: unknown): error is Error {
  if (error instanceof SyntaxError) return true
  return error instanceof TypeError && /terminated|fetch failed|network|other side closed/i.test(error.message)
}

/** The socket's error code and message, if it has any. */
function cutDetail({ cause, message }: Error): FailureDetail {
  const { code, message: below } = (cause instanceof Error ? cause : {}) as { code?: unknown; message?: string }
  return { ...(typeof code === 'string' && { code }), message: below ?? message }
}
