import { Card } from '#app/ui/card.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import type { ToolCallDetail } from '#lib/data/runs/tool-calls.ts'

type Task = NonNullable<ToolCallDetail['task']>

const STATES: Record<string, string> = {
  working: 'Works at its server, which is asked for it',
  input_required: 'Needs input; a run is about to take it up',
  asking: 'Waits for its person’s answer',
  ended: 'Has ended at its server; a run is about to take it up',
}

/** The task as which a call went on at its server: how it stands, and when what happened. */
export function CallTask({ task }: { task: Task }) {
  const { status, said, polls, failures, createdAt, changedAt, pollAt, stopAt, expiresAt, endedAt } = task
  const at = (time: Date) => <RelativeTime at={time.toISOString()} exact />
  return (
    <Card
      title="Task at its server"
      hint="The call went on after its turn. Its result was asked for, never called for again."
    >
      <Facts
        facts={[
          ['State', endedAt ? 'Over: the call has its outcome' : (STATES[status] ?? status)],
          ['Its server said', said],
          ['Began', at(createdAt)],
          ['Last change', at(changedAt)],
          ['Stopped by its person', stopAt && at(stopAt)],
          ['Ended', endedAt && at(endedAt)],
          ['Looks', `${polls}${failures > 0 ? `, the last ${failures} without an answer` : ''}`],
          ['Next look', !endedAt && status === 'working' && at(pollAt)],
          ['Is cancelled', !endedAt && at(expiresAt)],
        ]}
      />
    </Card>
  )
}
