import type { Who } from '#lib/mcp-client/connection/require-authority.ts'
import { overTransport, transportAs } from '#lib/mcp-client/connection/transport.ts'
import { type Examination, Finding, type Step } from '#lib/mcp-client/doctor/examination.ts'
import { findFix } from '#lib/mcp-client/doctor/find-fix.ts'
import { runAuthSteps, runEndpointStep } from '#lib/mcp-client/doctor/http-steps.ts'
import { runNetworkSteps } from '#lib/mcp-client/doctor/network-steps.ts'
import { runProtocolSteps, type Spoken } from '#lib/mcp-client/doctor/protocol-steps.ts'
import { type Phase, toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import { findReach, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'
import { withSignal } from '#lib/platform/deadline.ts'

/** The result of an examination. */
export type Examined = { steps: Step[]; healthy: boolean; spoken?: Spoken }

const STEP_MS = 10_000

/** Ends an examination after a finding. No AppError: it never leaves `examine`. */
class Stopped extends Error {}
const TOO_LATE = new Finding('connect_timeout', 'No answer in time.')

/**
 * Examines an MCP server, from its address to its tools. Each step is timed and limited to 10 s,
 * and every fault comes with advice on what to change. `who` is the person whose identity is used;
 * without it, requests carry no identity. `onStep` receives each step as it ends. Never throws.
 */
export async function examine(
  server: McpServer,
  {
    who,
    call,
    stepMs = STEP_MS,
    onStep,
  }: { who?: Who; call?: Examination['call']; stepMs?: number; onStep?: (step: Step) => void } = {},
): Promise<Examined> {
  const steps: Step[] = []
  const note = (step: Step) => {
    steps.push(step)
    onStep?.(step)
  }
  const step: Examination['step'] = async (name, work, phase = 'connect') => {
    const started = performance.now()
    const ms = () => Math.round(performance.now() - started)
    const signal = AbortSignal.timeout(stepMs)
    try {
      const { said, value, warn } = await withSignal(work(signal), signal)
      note({ name, outcome: warn ? 'warning' : 'ok', ms: ms(), said, ...warn })
      return value
    } catch (error) {
      const found = error instanceof Finding ? error : toFinding(error, signal, phase)
      note({
        name,
        outcome: 'failed',
        ms: ms(),
        said: found.message,
        fault: found.fault,
        fix: found.fix ?? findFix(found.fault),
      })
      if (found.stop) throw new Stopped()
      return undefined
    }
  }
  let spoken: Spoken | undefined
  // Aborting ends all that the examination opened, even if a server keeps connections open.
  const ended = new AbortController()
  try {
    const url = await step('Address', async () => ({ said: server.url, value: addressOf(server.url) }))
    if (!url) return { steps, healthy: false }
    const bare = untilAborted(networkFetch(findReach(server)), ended.signal)
    const connect = () => (who ? transportAs(server, who, bare).send : overTransport(server, bare))
    const examination = { server, url, connect, bare, stepMs, call, step }
    await runNetworkSteps(examination)
    const { needsSignIn } = await runEndpointStep(examination)
    if (needsSignIn) await runAuthSteps(examination, needsSignIn)
    if (!needsSignIn || who) spoken = await runProtocolSteps(examination)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    ended.abort()
  }
  return { steps, healthy: steps.every(({ outcome }) => outcome !== 'failed'), spoken }
}

function addressOf(address: string): URL {
  const url = URL.parse(address)
  if (!url) throw new Finding('bad_address', 'This is not an address.')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Finding('bad_address', `${url.protocol} is not http or https.`)
  if (url.username || url.password) throw new Finding('bad_address', 'The address contains a name or a password.')
  return url
}

function toFinding(error: unknown, signal: AbortSignal, phase: Phase): Finding {
  if (signal.aborted)
    return phase === 'call' ? new Finding('hard_timeout', 'The tool gave no answer in time.') : TOO_LATE
  const { failureClass, sentence, fault } = toMcpFailure(error, phase)
  if (phase === 'list' && failureClass === 'hard_timeout') return TOO_LATE
  if (phase === 'list' && failureClass === 'outcome_unknown')
    return new Finding('server_error', 'The server broke down.')
  return new Finding(fault ?? failureClass, sentence.replaceAll(' of this tool', ''))
}

function untilAborted(send: typeof fetch, signal: AbortSignal): typeof fetch {
  return (input, init) =>
    send(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal })
}
