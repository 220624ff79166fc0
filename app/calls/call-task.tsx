import { readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

type Task = NonNullable<ToolCallDetail['task']>

const STATES: Record<string, Sentence> = {
  working: 'Works at its server, which is asked for it',
  input_required: 'Needs input; a run is about to take it up',
  asking: 'Waits for its person’s answer',
  ended: 'Has ended at its server; a run is about to take it up',
}

/** The task as which a call went on at its server: how it stands, and when what happened. */
export async function CallTask({ task }: { task: Task }) {
  const t = await readTranslate()
  const { status, said, polls, failures, createdAt, changedAt, pollAt, stopAt, expiresAt, endedAt } = task
  const at = (time: Date) => <RelativeTime at={time.toISOString()} exact />
  return (
    <Card
      title={t('Task at its server')}
      hint={t('The call went on after its turn. Its result was asked for, never called for again.')}
    >
      <Facts
        facts={[
          [t('State'), endedAt ? t('Over: the call has its outcome') : STATES[status] ? t(STATES[status]) : status],
          [t('Its server said'), said],
          [t('Began'), at(createdAt)],
          [t('Last change'), at(changedAt)],
          [t('Stopped by its person'), stopAt && at(stopAt)],
          [t('Ended'), endedAt && at(endedAt)],
          [
            t('Looks'),
            failures > 0
              ? t('{polls, number}, the last {failures, number} without an answer', { polls, failures })
              : toCountText(polls, t.locale),
          ],
          [t('Next look'), !endedAt && status === 'working' && at(pollAt)],
          [t('Is cancelled'), !endedAt && at(expiresAt)],
        ]}
      />
    </Card>
  )
}
