import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

type Explained = { title: Sentence; means: Sentence; todo: Sentence }

/** Each failure class of the ledger in words: what it means, and what an operator can do. */
const FAILURES: Record<FailureClass, Explained> = {
  refused: {
    title: 'Connection refused',
    means: 'Nothing listened at the address of the tool server, so the call was not sent.',
    todo: 'Start the server, or correct its address and port.',
  },
  dns: {
    title: 'Name not found',
    means: 'The name in the address of the tool server could not be resolved, so the call was not sent.',
    todo: 'Check the spelling of the address and the name server of this machine.',
  },
  tls: {
    title: 'TLS certificate rejected',
    means:
      'The encrypted connection failed before the call was sent: the certificate is expired, for another name, or from an unknown issuer.',
    todo: 'Renew the certificate, or make its issuer known to Node with NODE_EXTRA_CA_CERTS.',
  },
  connect_timeout: {
    title: 'Connect timeout',
    means: 'The tool server did not accept a connection within the connect timeout, so the call was not sent.',
    todo: 'Check firewalls and load. MCP_CONNECT_TIMEOUT sets the timeout.',
  },
  unauthorised: {
    title: 'Unauthorized (401)',
    means:
      'The tool server answered 401: credentials are missing or not accepted. Or it answered 403 and wants more permissions than the person’s account has.',
    todo: 'Check how this server expects people to be identified, and whether a token has expired.',
  },
  forbidden: {
    title: 'Forbidden (403)',
    means: 'The tool server answered 403: it knows who called and refused.',
    todo: 'Give the person or the token the right that this tool needs.',
  },
  too_large: {
    title: 'Request too large',
    means: 'The tool server, or a proxy before it, answered 413: the request is too large, so nothing was done.',
    todo: 'Raise the limit of the server or its proxy, or call the tool with less at a time.',
  },
  overloaded: {
    title: 'Server too busy',
    means: 'The tool server answered 429: it had too many requests and did not accept this one.',
    todo: 'Wait as long as it says, or have its limit raised.',
  },
  server_error: {
    title: 'The server answered with an error',
    means:
      'The tool server answered the call with a JSON-RPC error. Its message says why; only some of them mean that nothing was done.',
    todo: 'Read the message, and look at the server’s own log. If the call is unknown, check in the other system before you repeat it.',
  },
  input_required: {
    title: 'Input requested',
    means:
      'During the call the tool server asked for input (elicitation, sampling or roots), which is not supported yet.',
    todo: 'Use a tool that takes everything as arguments, or configure the server not to ask.',
  },
  protocol_error: {
    title: 'Not an MCP answer',
    means: 'The response was not valid MCP.',
    todo: 'Check that the address is that of the MCP endpoint (often ends in /mcp) and that no proxy answers in its place.',
  },
  session_lost: {
    title: 'Session lost',
    means: 'The tool server no longer knew the session of the connection, as after a restart.',
    todo: 'Try again. If it persists, several replicas may stand behind one address without sticky sessions.',
  },
  idle_timeout: {
    title: 'Idle timeout',
    means: 'The tool server accepted the call and then sent nothing within the idle timeout. It may still be working.',
    todo: 'Look at the server’s own log. Let a slow tool report progress, or raise the idle timeout.',
  },
  hard_timeout: {
    title: 'Total timeout',
    means: 'The call reached its total timeout and was abandoned. The tool may still finish its work.',
    todo: 'Make the tool faster, or raise MCP_CALL_TIMEOUT.',
  },
  transport_lost: {
    title: 'Connection lost',
    means: 'The connection broke after the call was sent. It is not known if the call took effect.',
    todo: 'Check in the other system before you repeat it, and look for restarts and proxy limits.',
  },
  tool_error: {
    title: 'The tool reported an error',
    means: 'The call arrived, and the tool itself said that it failed. Its message is in the result.',
    todo: 'Read the result. Often an argument names something that does not exist.',
  },
  bad_arguments: {
    title: 'Invalid arguments',
    means: 'The arguments that the model chose do not fit the tool’s schema, so nothing was done.',
    todo: 'If it happens often, make the tool’s description and the names of its arguments clearer.',
  },
  cancelled: {
    title: 'Stopped',
    means: 'The person stopped the answer while the call was under way.',
    todo: 'Nothing. The tool may have finished before the stop reached it.',
  },
  denied: {
    title: 'Not allowed',
    means: 'Switchboard refused the call for the reason below, so it was not sent.',
    todo: 'Change what the reason names: an address, a setting, the person’s rights, or the arguments.',
  },
  declined: {
    title: 'Declined',
    means: 'The approval was declined or expired, so the call was not sent.',
    todo: 'Nothing.',
  },
  replica_died: {
    title: 'Our server stopped',
    means: 'The process that made the call stopped before the response came. It is not known if the call took effect.',
    todo: 'Check in the other system before you repeat it, and look for the reason in Switchboard’s log.',
  },
  outcome_unknown: {
    title: 'Outcome unknown',
    means: 'The call was sent and no clear response came back. It may have taken effect, once.',
    todo: 'Check in the other system before you repeat it.',
  },
}

/** The words for a failure class; also works for one that this version does not know. */
export function explainFailure(failureClass: string): Explained
export function explainFailure<E extends Record<keyof Explained, string>>(
  failureClass: string,
  of: Record<string, E>,
): E | Explained
export function explainFailure(
  failureClass: string,
  of: Record<string, Record<keyof Explained, string>> = FAILURES,
): Record<keyof Explained, string> {
  return (
    of[failureClass] ??
    ({
      title: 'Another failure',
      means: 'The call did not succeed.',
      todo: 'Look at its message and result.',
    } satisfies Explained)
  )
}
