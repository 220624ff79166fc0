'use client'

import { Braces, FileText, Printer } from 'lucide-react'
import { useRef, useState } from 'react'
import { TextLink } from '#app/forms/text-link.tsx'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { shareConversation } from '#app/settings/conversations/actions.ts'
import { toButtonClass } from '#app/ui/button.tsx'
import { CopyButton } from '#app/ui/copy-button.tsx'
import { ModalDialog } from '#app/ui/dialog.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { Field, Select, TextArea } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'

const DAYS: [number, Sentence][] = [
  [1, 'a day'],
  [7, 'a week'],
  [30, '30 days'],
  [365, 'a year'],
]

/** Shares the conversation, or takes it along as a file. */
export function ShareDialog({ threadId, onClose }: { threadId: string; onClose: () => void }) {
  const t = useTranslate()
  const [address, setAddress] = useState<string | null>(null)
  return (
    <ModalDialog title={t('Share and export')} onClose={onClose}>
      {address === null ? <ShareForm threadId={threadId} onShared={setAddress} /> : <Shared address={address} />}
      <section aria-labelledby="take-along" className="grid gap-3 border-t border-line pt-4">
        <h3 id="take-along" className="font-semibold">
          {t('Take it along')}
        </h3>
        <div className="flex flex-wrap gap-2">
          <a
            href={`/api/me/conversations/${threadId}/export?format=markdown`}
            download
            className={toButtonClass({ size: 'sm' })}
          >
            <FileText aria-hidden className="size-4" />
            Markdown
          </a>
          <a
            href={`/api/me/conversations/${threadId}/export?format=json`}
            download
            className={toButtonClass({ size: 'sm' })}
          >
            <Braces aria-hidden className="size-4" />
            JSON
          </a>
          <a href={`/print/${threadId}`} target="_blank" rel="noopener" className={toButtonClass({ size: 'sm' })}>
            <Printer aria-hidden className="size-4" />
            {t('Print')}
          </a>
        </div>
      </section>
    </ModalDialog>
  )
}

function ShareForm({ threadId, onShared }: { threadId: string; onShared: (address: string) => void }) {
  const t = useTranslate()
  const [readers, setReaders] = useState<'everybody' | 'chosen'>('everybody')
  return (
    <ActionForm
      className="grid gap-4"
      fields={{ threadId }}
      action={async (form) => {
        const outcome = await shareConversation(form)
        if ('error' in outcome) return outcome
        onShared(outcome.address)
        return undefined
      }}
    >
      <p className="text-ink-soft">
        {t('A link to a copy of the conversation as it is now, with its files. What you write later is not in it.')}
      </p>
      <Field label={t('Who may read it')}>
        <Select
          name="readers"
          value={readers}
          onChange={({ target }) => setReaders(target.value === 'everybody' ? 'everybody' : 'chosen')}
        >
          <option value="everybody">{t('Everybody who signs in here')}</option>
          <option value="chosen">{t('Only people I name')}</option>
        </Select>
      </Field>
      {readers === 'chosen' && (
        <Field
          label={t('E-mail addresses')}
          hint={t('One in each line. It opens for those who have an account here already.')}
        >
          <TextArea name="addresses" rows={3} required />
        </Field>
      )}
      <Field label={t('For how long')}>
        <Select name="days" defaultValue="30">
          {DAYS.map(([days, label]) => (
            <option key={days} value={days}>
              {t(label)}
            </option>
          ))}
        </Select>
      </Field>
      <CheckBox
        name="withTools"
        label={t('Show what tools did')}
        hint={t(
          'Their requests and results, without secrets. Approvals, connected accounts and memory are never shown.',
        )}
      />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <TextLink href="/settings/conversations">{t('What I share')}</TextLink>
        <SubmitButton tone="primary">{t('Make a link')}</SubmitButton>
      </div>
    </ActionForm>
  )
}

function Shared({ address }: { address: string }) {
  const t = useTranslate()
  const text = useRef<HTMLElement>(null)
  return (
    <div role="status" className="grid gap-3">
      <p>{t('This is the link. You can end it at any time.')}</p>
      <p className="flex items-center gap-2 rounded-md border border-line bg-sunken px-3 py-2">
        <code ref={text} className="min-w-0 flex-1 font-mono text-sm break-all">
          {address}
        </code>
        <CopyButton text={address} label={t('Copy the link')} fallback={text} />
      </p>
      <TextLink href="/settings/conversations">{t('What I share')}</TextLink>
    </div>
  )
}
