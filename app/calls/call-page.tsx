import Link from 'next/link'
import { notFound } from 'next/navigation'
import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import type { ActionOutcome } from '#app/ui/forms/use-action-form.ts'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { findRepeatRefusal } from '#lib/agent/repeat-call.ts'
import { listCallQuestions } from '#lib/data/runs/questions/call-questions.ts'
import { findToolCall, listRepeats, type ToolCallDetail, type ToolCallScope } from '#lib/data/runs/tool-calls.ts'
import { AppError } from '#lib/platform/errors.ts'
import { CallDetail } from './call-detail.tsx'
import { CallStatus } from './call-status.tsx'

const LINK = 'text-accent underline-offset-2 hover:underline'

/**
 * One call of the ledger: heading, a button to repeat it, and its details. A call outside the scope
 * answers 404.
 */
export async function CallPage({
  scope,
  id,
  list,
  asWhom,
  repeat,
  facts,
}: {
  scope: ToolCallScope
  id: string
  /** The list that the call belongs to. The call's page is one level below it. */
  list: { href: string; label: string }
  /** Whose identity a repeated call uses, as the confirmation says it. */
  asWhom: (call: ToolCallDetail) => string
  repeat: (form: FormData) => Promise<ActionOutcome>
  facts: (call: ToolCallDetail) => Promise<[string, ReactNode][]>
}) {
  const t = await readTranslate()
  const call = await findToolCall(scope, id).catch((error) => {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  })
  const [repeats, questions, more] = await Promise.all([
    listRepeats(scope, id),
    listCallQuestions(scope, id),
    facts(call),
  ])
  const refused = findRepeatRefusal(call)
  const to = (other: string) => `${list.href}/${other}`
  return (
    <>
      <PageHeader
        back={list}
        title={
          <span className="flex flex-wrap items-center gap-3">
            <span className="font-mono">{call.tool}</span>
            <CallStatus status={call.status} />
          </span>
        }
        actions={!refused && <Repeat call={call} asWhom={asWhom(call)} repeat={repeat} />}
      />
      <CallDetail
        call={call}
        questions={questions}
        facts={[
          ...more,
          [
            t('Repeats'),
            call.repeatOf && (
              <Link key="o" className={LINK} href={to(call.repeatOf)}>
                {t('An earlier call')}
              </Link>
            ),
          ],
          [
            t('Repeated'),
            repeats.length > 0 && (
              <span key="n" className="flex flex-wrap gap-x-3">
                {repeats.map((other) => (
                  <Link key={other.id} className={LINK} href={to(other.id)}>
                    <RelativeTime at={other.startedAt.toISOString()} />
                  </Link>
                ))}
              </span>
            ),
          ],
          [t('Repeat'), call.status !== 'pending' && refused],
        ]}
      />
    </>
  )
}

async function Repeat({
  call,
  asWhom,
  repeat,
}: {
  call: ToolCallDetail
  asWhom: string
  repeat: (form: FormData) => Promise<ActionOutcome>
}) {
  const t = await readTranslate()
  return (
    <ConfirmButton
      label={t('Repeat')}
      title={t('Call {tool} again?', { tool: call.tool })}
      confirmLabel={t('Repeat the call')}
      confirmTone="primary"
      tone="secondary"
      fields={{ call: call.id }}
      action={repeat}
    >
      <p>
        {t(
          'It is sent once more, now, to {server} with the same arguments, {asWhom}. Today’s policies hold, and the ledger names who asked for it.',
          { server: call.server, asWhom },
        )}
      </p>
      {(call.status === 'succeeded' || call.status === 'unknown') && (
        <p>
          {call.status === 'succeeded'
            ? t('It succeeded the first time.')
            : t('It may have taken effect the first time.')}
        </p>
      )}
      <CheckBox
        name="twice"
        label={t('It may change something a second time')}
        hint={t('Required for every tool that does not only read.')}
      />
    </ConfirmButton>
  )
}
