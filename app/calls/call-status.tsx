import { readTranslate } from '#app/language/page-language.ts'
import { Badge, type BadgeTone } from '#app/ui/badge.tsx'
import type { ToolCallStatus } from '#lib/data/runs/tool-calls.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const CALLS: Record<ToolCallStatus, [BadgeTone, Sentence]> = {
  pending: ['accent', 'Under way'],
  succeeded: ['ok', 'Succeeded'],
  failed: ['bad', 'Failed'],
  declined: ['neutral', 'Declined'],
  cancelled: ['neutral', 'Stopped'],
  unknown: ['warn', 'Outcome unknown'],
}

/** The status of a tool call, in words for people. */
export const CALL_STATUS_NAMES = Object.fromEntries(
  Object.entries(CALLS).map(([status, [, name]]) => [status, name]),
) as Record<ToolCallStatus, Sentence>

const RUNS: Record<RunStatus, [BadgeTone, Sentence]> = {
  queued: ['accent', 'Queued'],
  running: ['accent', 'Running'],
  waiting: ['warn', 'Waiting'],
  done: ['ok', 'Done'],
  stopped: ['neutral', 'Stopped'],
  interrupted: ['warn', 'Interrupted'],
  failed: ['bad', 'Failed'],
}

/** The state of a run, in words for people. */
export const RUN_STATUS_NAMES = Object.fromEntries(
  Object.entries(RUNS).map(([status, [, name]]) => [status, name]),
) as Record<RunStatus, Sentence>

export async function CallStatus({ status }: { status: ToolCallStatus }) {
  const t = await readTranslate()
  const [tone, name] = CALLS[status]
  return <Badge tone={tone}>{t(name)}</Badge>
}

export async function RunStatusBadge({ status }: { status: RunStatus }) {
  const t = await readTranslate()
  const [tone, name] = RUNS[status]
  return <Badge tone={tone}>{t(name)}</Badge>
}
