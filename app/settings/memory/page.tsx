import { Brain } from 'lucide-react'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listMemories, MEMORY_MAX_CHARS, wantsMemory } from '#lib/data/people/memories.ts'
import { env } from '#lib/platform/env.ts'
import { forgetEverything, switchMemory } from './actions.ts'
import { AddMemory, MemoryRow } from './memory-forms.tsx'

export const generateMetadata = makeTitle('Memory')

/** What assistants remember of the person, which only that person sees. */
export default async function MemoryPage() {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const [memories, wants] = await Promise.all([listMemories(caller), wantsMemory(caller)])
  const isOffered = env().MEMORY === 'on'
  return (
    <div className="max-w-3xl">
      <PageHeader
        title={t('Memory')}
        hint={t(
          'Facts about you that assistants know in every conversation. You agree to each of them, and nobody else sees them.',
        )}
      />
      <div className="grid gap-5">
        {!isOffered && (
          <Notice tone="warn" title={t('Memory is switched off for everybody here')}>
            {t('Nothing new is remembered, and what you see below is not used. You can still delete it.')}
          </Notice>
        )}
        {isOffered && (
          <Card
            title={wants ? t('Memory is on') : t('Memory is off')}
            hint={
              wants
                ? t(
                    'An assistant may propose to remember something, and asks you on a card. Write /remember and a fact to keep it at once.',
                  )
                : t('Nothing new is remembered, and what you see below is not used.')
            }
          >
            <ActionForm action={switchMemory} fields={{ wants: String(!wants) }}>
              <SubmitButton tone={wants ? 'secondary' : 'primary'}>
                {wants ? t('Switch off') : t('Switch on')}
              </SubmitButton>
            </ActionForm>
          </Card>
        )}
        {isOffered && wants && (
          <Card
            title={t('Add a fact')}
            hint={t('One sentence, such as: I fly economy. No passwords: it is sent to the model with each message.')}
          >
            <AddMemory maxLength={MEMORY_MAX_CHARS} />
          </Card>
        )}
        <Card flush title={memories.length > 0 ? t('Remembered') : undefined}>
          {memories.length === 0 ? (
            <EmptyState icon={Brain} title={t('Nothing is remembered')}>
              {t('What you agree to keep appears here.')}
            </EmptyState>
          ) : (
            <ul className="divide-y divide-line">
              {memories.map(({ id, text }) => (
                <li key={id}>
                  <MemoryRow id={id} text={text} maxLength={MEMORY_MAX_CHARS} />
                </li>
              ))}
            </ul>
          )}
        </Card>
        {memories.length > 1 && (
          <div>
            <ConfirmButton
              label={t('Delete everything')}
              title={t('Delete all memories?')}
              confirmLabel={t('Delete everything')}
              action={forgetEverything}
            >
              <p>
                {t('Assistants forget all {count} facts. Conversations keep what was said in them.', {
                  count: memories.length,
                })}
              </p>
            </ConfirmButton>
          </div>
        )}
      </div>
    </div>
  )
}
