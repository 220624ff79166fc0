import type { Model } from '@openai/agents'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import type { RunHandle } from '#lib/runs/run-handle.ts'

/** What a route or a test may replace: our MCP endpoint, called in process, and the model. */
export type AgentEdges = { builtinFetch?: typeof fetch; model?: Model }

/** What a turn gets beside the chat: for whom it works, the run to report to, and the edges. */
export type TurnContext = AgentEdges & { caller: Caller; run: RunHandle }
