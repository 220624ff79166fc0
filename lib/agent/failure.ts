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
import { AppError, isDatabaseDown, toAppError } from '#lib/errors.ts'

/** Why a turn failed, as its run's row keeps it. */
export type TurnFailureClass =
  | 'model_unauthorised'
  | 'model_limited'
  | 'model_error'
  | 'model_cut'
  | 'model_silent'
  | 'model_refused'
  | 'max_turns'
  | 'guardrail'
  | 'database'
  | 'internal'

/** What is recorded and told of a turn that failed; `retry` where asking again may help. */
export type TurnFailure = { failureClass: TurnFailureClass; sentence: string; retry: boolean }

/** A fault of the model's stream that the SDK does not see by itself. */
export class ModelFault extends Error {
  readonly failureClass: 'model_cut' | 'model_silent'

  constructor(failureClass: 'model_cut' | 'model_silent', message: string) {
    super(message)
    this.name = 'ModelFault'
    this.failureClass = failureClass
  }
}

const CUT = 'The answer of the model was cut off before its end. Try again.'
const FAILED = 'The server of the model failed. Try again in a moment.'
const TOO_LONG = /context[_ ]length|maximum context|too many tokens|context window|prompt is too long/i

const GUARDRAILS = [
  InputGuardrailTripwireTriggered,
  OutputGuardrailTripwireTriggered,
  ToolInputGuardrailTripwireTriggered,
  ToolOutputGuardrailTripwireTriggered,
]

/** True where a guardrail rejected the turn: nothing of it may stay. */
export function isGuardrail(error: unknown): boolean {
  return GUARDRAILS.some((kind) => error instanceof kind)
}

/** Any error of a turn as what is recorded and told. Never has a word of the error itself. */
export function turnFailure(error: unknown): TurnFailure {
  if (error instanceof ModelFault) return { failureClass: error.failureClass, sentence: faultSentence(error), retry: true }
  if (error instanceof APIError) return apiFailure(error)
  if (error instanceof ModelRefusalError)
    return { failureClass: 'model_refused', sentence: 'The model declined to answer this.', retry: false }
  if (isGuardrail(error))
    return { failureClass: 'guardrail', sentence: 'This was stopped by a rule of the server. Ask in another way.', retry: false }
  if (error instanceof MaxTurnsExceededError) {
    return {
      failureClass: 'max_turns',
      sentence: 'The assistant called tools many times without coming to an answer, and was stopped. Try a smaller question.',
      retry: true,
    }
  }
  // The SDK's word for a stream that ended wrongly: the server said that it failed, or it just ended.
  if (error instanceof ModelBehaviorError) {
    if (/"(response\.failed|response\.error|error)"/.test(error.message))
      return { failureClass: 'model_error', sentence: FAILED, retry: true }
    return { failureClass: 'model_cut', sentence: CUT, retry: true }
  }
  if (error instanceof AppError) {
    return { failureClass: isDatabaseDown(error) ? 'database' : 'internal', sentence: error.message, retry: error.status >= 429 }
  }
  if (isCutSocket(error)) return { failureClass: 'model_cut', sentence: CUT, retry: true }
  if (isDatabaseDown(error)) return { failureClass: 'database', sentence: toAppError(error).message, retry: true }
  return { failureClass: 'internal', sentence: toAppError(error).message, retry: true }
}

function faultSentence({ failureClass }: ModelFault): string {
  return failureClass === 'model_silent' ? 'The model stopped answering, so the turn was ended. Try again.' : CUT
}

// undici's words for a socket that closed in the middle of a body; a JSON error is a frame that was cut or damaged.
function isCutSocket(error: unknown): boolean {
  if (error instanceof SyntaxError) return true
  return error instanceof TypeError && /terminated|fetch failed|network|other side closed/i.test(error.message)
}

function apiFailure(error: APIError): TurnFailure {
  if (error instanceof APIConnectionError) {
    return {
      failureClass: 'model_error',
      sentence: 'The server of the model cannot be reached just now. Try again in a moment.',
      retry: true,
    }
  }
  switch (error.status) {
    case 401:
    case 403:
      return {
        failureClass: 'model_unauthorised',
        sentence: 'The server of the model refused our key. An administrator has to check OPENAI_API_KEY.',
        retry: false,
      }
    case 404:
      return {
        failureClass: 'model_error',
        sentence: 'The server of the model does not know this model. An administrator has to check OPENAI_MODEL and OPENAI_BASE_URL.',
        retry: false,
      }
    case 429:
      return limited(error)
  }
  if ((error.status ?? 500) < 500 && TOO_LONG.test(`${error.code} ${error.message}`)) {
    return {
      failureClass: 'model_error',
      sentence: 'This conversation has grown too long for the model. Start a new chat, or ask something shorter.',
      retry: false,
    }
  }
  if (error.status === undefined || error.status >= 500) {
    return { failureClass: 'model_error', sentence: FAILED, retry: true }
  }
  return {
    failureClass: 'model_error',
    sentence: 'The server of the model rejected the request. Your administrator finds the reason in the log.',
    retry: true,
  }
}

function limited(error: APIError): TurnFailure {
  if (error.code === 'insufficient_quota') {
    return {
      failureClass: 'model_limited',
      sentence: 'The quota at the model is used up. An administrator has to look at the account.',
      retry: false,
    }
  }
  const seconds = Math.ceil(Number(error.headers?.get('retry-after')))
  const when = seconds > 0 ? `in ${seconds === 1 ? 'a second' : `${seconds} seconds`}` : 'in a moment'
  return { failureClass: 'model_limited', sentence: `The model has too many requests just now. Try again ${when}.`, retry: true }
}
