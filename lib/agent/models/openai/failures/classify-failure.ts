import type { RunFailureClass } from '#lib/data/runs/run-failures.ts'

/** What a server said of a failure, unchanged. */
export type Said = { message: string; code?: string; type?: string; param?: string; waits?: SaidWait[] }

/** A field that says when to ask again, such as Gemini's `retryDelay` or `retry_after`. */
export type SaidWait = { field: string; value: string }

/** What a failure is classified by. */
type Signs = Said & { status?: number; retryAfterMs?: number }

const TOO_LONG =
  /context[_ -]?(length|window|size|limit|overflow)|exceed_context|(maximum|max) (model|prompt|sequence|input) len|prompt (is|was) too long|input is too long|longer than the .{0,20}model|too many (input )?tokens|token count .{0,60}exceeds|tokens? .{0,60}(exceeds? |must be <=|maximum|less than)|range of input length|reduce the (length|number) of|input length/i
const AT_ONCE_TOO_MUCH = /request too large for|must be reduced in order to run/i
const QUOTA =
  /insufficient_quota|billing_hard_limit|exceeded your (current|monthly) quota|quota (exceeded|has been|is) ?|out of quota/i
const PAYMENT =
  /insufficient (credits?|balance|funds)|credit balance is too low|payment required|never purchased credits|requires more credits/i
const FILTER =
  /content[_ ](filter|policy|management)|responsibleai|data_inspection_failed|inappropriate content|prohibited_content|blocked by (our|the) (safety|content|moderation)|moderation|flagged (by|as|for)|usage polic|safety (system|setting|filter)|invalid_prompt/i
const NO_TOOLS =
  /(not|n't) (currently )?support (tools?|function|tool)|support tool use|(tools?|function calling|tool (use|calling|choice))( is| are)? not (supported|enabled)|enable-auto-tool-choice|tools param requires|unsupported.{0,20}['"`]?tools?['"`]?$/i
const TOO_MANY_TOOLS =
  /too many (tools|functions?)|(maximum|number) (number )?of (tools|functions)|array_above_max_length|array too long|(at most|more than|up to|limit of|only) \d+ (tools|functions?)|maximum number of items|(tools|functions) (limit|exceed)/i
const SCHEMA =
  /invalid_function_parameters|invalid schema for (function|tool)|tools?(?:[[.]|['"], | -> )\d+|function_declarations?\[|functions\[\d+\]|input_schema|(json )?schema .{0,40}(invalid|not (valid|supported))|schema conversion failed|unrecognized schema|\.tools\.function\.parameters/i
// llama.cpp; vLLM and SGLang with xgrammar, llguidance or outlines. vLLM sends some of it as a 500.
const GRAMMAR =
  /(convert|parse|compile|build) (the |a )?(\w+ )?grammar|grammar (error|compilation|could not|is (invalid|not))|invalid grammar|not supported by (xgrammar|outlines|llguidance|guidance)|initialize samplers/i
const FILE =
  /image|picture|\bpdf\b|\bfile\b|input_file|input_image|\bvision\b|multi-?modal|mmproj|document (is|was|could|has)|unsupported (media|mime)|base64/i
// OpenAI: unsupported_country_region_territory. Gemini: "User location is not supported". Bedrock:
// "not available in this region". Cloudflare: error 1009.
const PLACE = '(?:countr(?:y|ies)|region|territor(?:y|ies)|(?:your|user) location)'
const CLOSED = '(?:un|not |isn.t |aren.t )(?:supported|available|allowed|offered)|restricted|blocked|banned'
const REGION = new RegExp(
  `unsupported_country|error code: 1009|${PLACE}[^.:;]{0,60}(?:${CLOSED})|(?:${CLOSED})[^.:;]{0,60}${PLACE}`,
  'i',
)
const NOT_FOUND =
  /model_not_found|model .{0,120}(does not exist|not found|not exist)|no such model|not a valid model|unknown model|no models? loaded|pull (it|the model) first|invalid model/i
const OVERLOADED =
  /overloaded|over capacity|at capacity|no capacity|loading model|model is (currently |still )?loading|server_busy|server is busy|too busy|no (free |available )?slots?|\bunavailable\b|high demand/i
const LIMITED = /rate[_ ]?limit|too many requests|resource_exhausted|throttl/i
const TOO_LARGE = /(entity|payload|body|content|request) (is )?too large/i

type Rule = [RunFailureClass, (signs: Signs & { text: string }) => boolean]

/**
 * The first rule that fits counts. Rules about reliable words come before those about the status
 * alone.
 */
const RULES: Rule[] = [
  // Waiting never helps a single request that exceeds the limit for a whole minute.
  ['model_too_long', ({ text }) => AT_ONCE_TOO_MUCH.test(text)],
  ['model_quota', ({ code, type }) => code === 'insufficient_quota' || type === 'insufficient_quota'],
  ['model_payment', ({ status, text }) => status === 402 || PAYMENT.test(text)],
  // Some providers call a limit per minute a quota, and say when it ends.
  ['model_quota', ({ text, retryAfterMs }) => QUOTA.test(text) && retryAfterMs === undefined],
  ['model_too_long', ({ status, text }) => status !== 429 && TOO_LONG.test(text)],
  ['model_too_long', ({ code, param = '' }) => code === 'string_above_max_length' && /^(input|messages)/.test(param)],
  ['model_limited', ({ status }) => status === 429],
  ['model_filtered', ({ status, text }) => (status ?? 400) < 500 && FILTER.test(text)],
  ['model_no_tools', ({ text }) => NO_TOOLS.test(text)],
  ['model_too_many_tools', ({ text, param = '' }) => TOO_MANY_TOOLS.test(text) && /tool|function/i.test(text + param)],
  ['model_schema_refused', ({ status, text }) => GRAMMAR.test(text) || ((status ?? 400) < 500 && SCHEMA.test(text))],
  ['model_region', ({ status = 400, text }) => status === 451 || (status < 500 && REGION.test(text))],
  ['model_not_found', ({ text }) => NOT_FOUND.test(text)],
  ['model_unauthorised', ({ status, code }) => status === 401 || status === 403 || code === 'invalid_api_key'],
  ['model_too_large', ({ status, text }) => status === 413 || TOO_LARGE.test(text)],
  [
    'model_file_refused',
    ({ status = 400, text }) =>
      (status < 500 || /not supported/i.test(text)) && FILE.test(text) && (status !== 404 || /support /.test(text)),
  ],
  ['model_not_found', ({ status }) => status === 404 || status === 405],
  ['model_overloaded', ({ status, text }) => status === 503 || status === 529 || OVERLOADED.test(text)],
  ['model_limited', ({ text }) => LIMITED.test(text)],
  ['model_unprocessable', ({ status }) => status === 422],
  [
    'model_error',
    ({ status }) => status === undefined || status >= 500 || status === 408 || status === 409 || status === 425,
  ],
]

/** Classifies what a model's server said. */
export function classifyFailure(signs: Signs): RunFailureClass {
  const text = [signs.code, signs.type, signs.param, signs.message].filter(Boolean).join(' ').slice(0, 10_000)
  return RULES.find(([, fits]) => fits({ ...signs, text }))?.[0] ?? 'model_rejected'
}
