import type { Caller } from '#lib/platform/crypto/caller.ts'
import type { RunHandle } from '#lib/runs/launch-run.ts'

/** What `respond` gets beside the turn: the caller, and the run to report to. */
export type TurnContext = { caller: Caller; run: RunHandle }
