'use client'

import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Field, TextArea, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { editMemory, forgetMemory, keepMemory } from './actions.ts'

/** Adds a fact. */
export function AddMemory({ maxLength }: { maxLength: number }) {
  const t = useTranslate()
  return (
    <ActionForm action={keepMemory}>
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-60 flex-1">
          <Field label={t('Fact')}>
            <TextInput name="text" required maxLength={maxLength} autoComplete="off" />
          </Field>
        </div>
        <SubmitButton tone="primary">{t('Remember')}</SubmitButton>
      </div>
    </ActionForm>
  )
}

/** One fact, with what can be done about it. */
export function MemoryRow({ id, text, maxLength }: { id: string; text: string; maxLength: number }) {
  const t = useTranslate()
  return (
    <div className="flex flex-wrap items-center gap-3 px-4 py-3 sm:px-5">
      <p className="min-w-0 flex-1 basis-60 break-words" dir="auto">
        {text}
      </p>
      <div className="flex gap-2">
        <Dialog label={t('Edit')} title={t('Change what is remembered')} size="sm">
          {(close) => (
            <ActionForm action={editMemory} fields={{ id }} onDone={close} className="grid gap-4">
              <Field label={t('Fact')}>
                <TextArea name="text" required rows={3} maxLength={maxLength} defaultValue={text} />
              </Field>
              <div className="flex justify-end gap-2">
                <Button onClick={close}>{t('Cancel')}</Button>
                <SubmitButton tone="primary">{t('Save')}</SubmitButton>
              </div>
            </ActionForm>
          )}
        </Dialog>
        <ConfirmButton
          label={t('Delete')}
          title={t('Delete this memory?')}
          confirmLabel={t('Delete')}
          size="sm"
          fields={{ id }}
          action={forgetMemory}
        >
          <p>{t('Assistants forget it in every conversation that begins or goes on from now.')}</p>
        </ConfirmButton>
      </div>
    </div>
  )
}
