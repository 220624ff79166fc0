import { DATABASE_TROUBLES, findDatabaseTrouble } from '#lib/platform/errors.ts'

/** The texts for one failure class, for the person who waited and for the operator. */
type RunFailureWords = {
  /** What happened and what to do, for the person. */
  sentence: string
  /** Whether a retry may help without anybody changing something. */
  retry: boolean
  /** For the operator: a name, what it means, and what to do. */
  title: string
  means: string
  todo: string
}

const WHERE = 'An administrator finds the reason on the page of this run and in the log.'

/** All failure classes of runs with their texts. This is the only list of the classes. */
export const RUN_FAILURES = {
  model_unreachable: {
    sentence: 'The server of the model cannot be reached just now. Try again in a moment.',
    retry: true,
    title: 'The model’s server cannot be reached',
    means: 'The model’s server could not be reached, or the connection to it broke before the answer was whole.',
    todo: 'Check that it runs, that OPENAI_BASE_URL or the page Models names it, that its certificate is valid, and that no proxy between ends long answers.',
  },
  model_forbidden_address: {
    sentence: 'The address of the model’s server is not allowed here. An administrator has to check it.',
    retry: false,
    title: 'The model’s address is not allowed',
    means: 'The address of the model’s provider is not on the public internet, so no request was sent.',
    todo: 'Correct the address on the page Models, or set MODEL_ALLOW_PRIVATE=on if the model runs in your own network.',
  },
  model_unauthorised: {
    sentence:
      'The server of the model refused our key. An administrator has to check it (OPENAI_API_KEY or the page Models).',
    retry: false,
    title: 'The model refused the key',
    means: 'The model’s provider answered 401 or 403.',
    todo: 'Check the key (OPENAI_API_KEY, MODELS_FILE or the page Models), and that it may use the model.',
  },
  model_region: {
    sentence:
      'The provider of the model does not serve the place where this server runs. An administrator has to choose another provider or region.',
    retry: false,
    title: 'Not served in this region',
    means:
      'The model’s provider refuses requests from this country or region, or does not offer the model in it. The key is not at fault.',
    todo: 'Let this server reach the provider from a region that it serves, or set OPENAI_BASE_URL and OPENAI_MODEL to what is offered here.',
  },
  model_payment: {
    sentence: 'The account at the model’s provider has no credit left. An administrator has to look at it.',
    retry: false,
    title: 'The model’s account has no credit',
    means: 'The model’s provider answered 402, or said that the credit of the account is used up.',
    todo: 'Add credit or a payment method at the provider.',
  },
  model_quota: {
    sentence: 'The quota at the model is used up. An administrator has to look at the account.',
    retry: false,
    title: 'The quota at the model is used up',
    means: 'The model’s provider says that the account may use no more in this period.',
    todo: 'Raise the quota at the provider, or wait for the next period.',
  },
  model_limited: {
    sentence: 'The model has too many requests just now. Try again in a moment.',
    retry: true,
    title: 'The model’s rate limit is reached',
    means: 'The model’s provider answered 429: too many requests or tokens in a short time.',
    todo: 'Wait, or have the limit raised at the provider.',
  },
  model_overloaded: {
    sentence: 'The server of the model is overloaded or still starting. Try again in a moment.',
    retry: true,
    title: 'The model’s server is overloaded',
    means: 'The model’s server has no capacity free, or is still loading the model.',
    todo: 'Wait. If it persists, give the server more capacity or choose another model.',
  },
  model_too_long: {
    sentence: 'This conversation has grown too long for the model. Start a new chat, or ask something shorter.',
    retry: false,
    title: 'Too long for the model',
    means:
      'What was sent has more tokens than the model’s context window: the conversation, its files, and the definitions of tools.',
    todo: 'Choose a model with a larger context, start the model’s server with one, or offer fewer tools.',
  },
  model_too_large: {
    sentence: 'This message is too large for the server of the model. Send fewer or smaller files.',
    retry: false,
    title: 'Too large for the model’s server',
    means: 'The model’s server, or a proxy before it, does not accept a request of this size.',
    todo: 'Raise the limit for request bodies there, or lower ATTACHMENT_MAX_MB.',
  },
  model_filtered: {
    sentence: 'A content filter of the model’s provider stopped this. Try to say it differently.',
    retry: false,
    title: 'Stopped by a content filter',
    means: 'The model’s provider blocked the request or the answer.',
    todo: 'Nothing, unless the filter is too strict. It is configured at the provider.',
  },
  model_no_tools: {
    sentence:
      'This model cannot call tools, which every answer here needs. An administrator has to choose another one.',
    retry: false,
    title: 'The model cannot call tools',
    means: 'The model’s server refuses requests that offer tools.',
    todo: 'Choose a model that can call tools (OPENAI_MODEL or the page Models), or start its server with tool calling switched on.',
  },
  model_too_many_tools: {
    sentence: 'The model takes fewer tools than it was offered. An administrator has to set MODEL_MAX_TOOLS.',
    retry: false,
    title: 'Too many tools for the model',
    means: 'The model’s server refuses requests that offer so many tools.',
    todo: 'Four smaller numbers were tried. Set MODEL_MAX_TOOLS to the number that it takes, or deny tools that nobody needs on the servers’ pages.',
  },
  model_schema_refused: {
    sentence:
      'The model does not accept the definition of one of the tools. An administrator finds its name on the page of this run.',
    retry: false,
    title: 'A tool’s definition was refused',
    means: 'The model’s server does not accept the schema of a tool that it was offered.',
    todo: 'The detail below names it. Deny it on its server’s page, or have its schema corrected.',
  },
  model_file_refused: {
    sentence:
      'The model cannot read a file of this conversation. Send the message without it, or the file in another format.',
    retry: true,
    title: 'A file was refused',
    means: 'The model’s server does not accept a picture or document of this conversation, or accepts none at all.',
    todo: 'Check that the model accepts pictures and PDF files. If it accepts neither, set ATTACHMENTS=off.',
  },
  model_not_found: {
    sentence:
      'The server of the model does not know this model. An administrator has to check its name and address (OPENAI_MODEL and OPENAI_BASE_URL, or the page Models).',
    retry: false,
    title: 'The model was not found',
    means: 'The model’s server knows no model of this name, or has nothing at this address.',
    todo: 'Test the model on the page Models, or check OPENAI_MODEL, OPENAI_BASE_URL (most end with /v1) and OPENAI_API.',
  },
  model_unprocessable: {
    sentence: `The server of the model could not process the request. ${WHERE}`,
    retry: false,
    title: 'The request could not be processed',
    means: 'The model’s server answered 422: it does not accept a field of the request or its value.',
    todo: 'The detail below names the field. Try the other value of OPENAI_API.',
  },
  model_rejected: {
    sentence: `The server of the model rejected the request. ${WHERE}`,
    retry: true,
    title: 'The request was rejected',
    means: 'The model’s server answered that the request is wrong.',
    todo: 'The detail below has its message. Try the other value of OPENAI_API.',
  },
  model_error: {
    sentence: 'The server of the model failed. Try again in a moment.',
    retry: true,
    title: 'The model failed',
    means: 'The model’s server answered with an error of its own.',
    todo: 'Look at its log, or at the provider’s status page.',
  },
  model_empty: {
    sentence: 'The model gave an empty answer. Try again, or rephrase your question.',
    retry: true,
    title: 'An empty answer',
    means: 'The model’s server sent a valid response that contains neither text nor a tool call.',
    todo: 'If it happens often, look at the model’s chat template and at its limit for the length of answers.',
  },
  model_garbled: {
    sentence:
      'The server of the model answered in a way that could not be understood. An administrator has to check its address (OPENAI_BASE_URL or the page Models).',
    retry: true,
    title: 'Not a model’s answer',
    means: 'The response is not one of this API: it is a web page, has another format, or is damaged.',
    todo: 'Test the model on the page Models, or check OPENAI_API, that OPENAI_BASE_URL ends where the API begins (often /v1), and that no proxy answers in its place.',
  },
  model_cut: {
    sentence: 'The answer of the model was cut off before its end. Try again.',
    retry: true,
    title: 'The answer was cut off',
    means: 'The connection to the model broke in the middle of the answer.',
    todo: 'Try again. If it persists, look at the proxies between this server and the model.',
  },
  model_silent: {
    sentence: 'The model stopped answering, so the turn was ended. Try again.',
    retry: true,
    title: 'Model idle timeout',
    means: 'The model sent nothing for longer than MODEL_IDLE_TIMEOUT.',
    todo: 'Check the load of the model’s server, or raise the limit.',
  },
  model_refused: {
    sentence: 'The model declined to answer this.',
    retry: false,
    title: 'The model declined',
    means: 'The model refused to answer this request.',
    todo: 'Nothing, or ask differently.',
  },
  max_turns: {
    sentence:
      'The assistant called tools many times without coming to an answer, and was stopped. Try a smaller question.',
    retry: true,
    title: 'Too many steps',
    means: 'The assistant called tools again and again without coming to an answer.',
    todo: 'Look at the tool calls below: often one tool fails in a way that the model does not understand.',
  },
  usage_limit: {
    sentence: 'A limit of use is reached.',
    retry: false,
    title: 'A limit of use is reached',
    means:
      'The person, or the people who share a limit with them, have used what an admin allowed for this day or month.',
    todo: 'Wait for the next day or month (UTC), or raise the limit under Admin, Usage, Limits. It counts from the next request on.',
  },
  usage_busy: {
    sentence: 'Other answers use what is left of a limit just now. Try again in a moment.',
    retry: true,
    title: 'The rest of a limit is reserved',
    means:
      'A limit of use is not reached, but other requests of the same people had reserved what is left of it for longer than a request waits.',
    todo: 'Nothing: what they do not use is free again when they end. If it happens often, raise the limit.',
  },
  guardrail: {
    sentence: 'This was stopped by a rule of the server. Try to rephrase your question.',
    retry: false,
    title: 'Stopped by a guardrail',
    means: 'A guardrail of the agent rejected the request or the answer; nothing of the answer was kept.',
    todo: 'Nothing, unless the rule is too strict.',
  },
  database: {
    sentence: DATABASE_TROUBLES.down.sentence,
    retry: true,
    title: 'The database could not be reached',
    means: 'The database could not be reached during the run.',
    todo: 'Check the database and its connection limit.',
  },
  database_full: {
    sentence: DATABASE_TROUBLES.full.sentence,
    retry: true,
    title: 'The disk of the database is full',
    means: 'The database refused a change because its disk or its quota is used up.',
    todo: 'Give the database more space. What people wrote before is safe; new messages are refused until then.',
  },
  database_read_only: {
    sentence: DATABASE_TROUBLES.read_only.sentence,
    retry: true,
    title: 'The database is read-only',
    means: 'The database refused a change because it is a standby, or because somebody made it read-only.',
    todo: 'Check that DATABASE_URL names the primary, and that no maintenance made it read-only.',
  },
  internal: {
    sentence: 'Something went wrong on our side. Try again. If it persists, give your administrator the request id.',
    retry: true,
    title: 'Internal error',
    means: 'An unexpected error occurred.',
    todo: 'Find the request id in the server’s log and report it.',
  },
} as const satisfies Record<string, RunFailureWords>

/** Why a run failed, as stored in its row. */
export type RunFailureClass = keyof typeof RUN_FAILURES

const OF_DATABASE = { down: 'database', full: 'database_full', read_only: 'database_read_only' } as const

/** The class of a failure that is not the model's: the database's, else `internal`. */
export function ownFailureClass(error: unknown): RunFailureClass {
  const trouble = findDatabaseTrouble(error)
  return trouble ? OF_DATABASE[trouble] : 'internal'
}
