'use client'

import { ChevronRight } from 'lucide-react'
import { useId } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Badge, type BadgeTone } from '#app/ui/badge.tsx'
import { Button } from '#app/ui/button.tsx'
import { Toggle } from '#app/ui/forms/toggle.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import { connectAccount } from '../open-connection.ts'
import type { Off, Server } from './ask-servers.ts'
import { ToolRow } from './tool-row.tsx'

const STATES: Record<Server['state'], { tone: BadgeTone; text: Sentence }> = {
  connected: { tone: 'ok', text: 'Connected' },
  account: { tone: 'warn', text: 'Needs your account' },
  slow: { tone: 'warn', text: 'Slow' },
  down: { tone: 'bad', text: 'Down' },
}

/** One server: its state, its switch, and its tools. `isOpen` opens the tools from outside, for a search. */
export function ServerSection({
  server: { name, state, sentence, connect, isOn, tools },
  isOpen,
  onSwitch,
}: {
  server: Server
  isOpen: boolean
  onSwitch: (off: Off, isOn: boolean) => void
}) {
  const t = useTranslate()
  const id = useId()
  const { tone, text } = STATES[state]
  const on = isOn ? tools.filter((tool) => tool.isOn).length : 0
  return (
    <section aria-labelledby={id} className="border-b border-line px-4 py-3 last:border-b-0">
      <div className="flex items-center gap-2">
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2">
          <h3 id={id} className="min-w-0 font-semibold break-words" dir="auto">
            {name}
          </h3>
          {isOn ? <Badge tone={tone}>{t(text)}</Badge> : <Badge>{t('Off')}</Badge>}
        </div>
        <Toggle
          label={t('Server {name}', { name })}
          isOn={isOn}
          onChange={(next) => onSwitch({ server: name }, next)}
        />
      </div>
      {sentence && isOn && (
        <p className="mt-1 text-sm break-words text-ink-soft" dir="auto">
          {sentence}
        </p>
      )}
      {connect && isOn && (
        <Button tone="primary" size="sm" className="mt-2" onClick={() => void connectAccount(connect)}>
          {connect.isAgain ? t('Connect {name} again', { name }) : t('Connect {name}', { name })}
        </Button>
      )}
      {tools.length > 0 && (
        <details open={isOpen || undefined} className="group mt-1">
          <summary className="flex list-none items-center gap-1 rounded-sm py-1 text-sm text-ink-soft hover:text-ink [&::-webkit-details-marker]:hidden">
            <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90 rtl:-scale-x-100" />
            {on === tools.length
              ? t('{all, plural, one {# tool} other {# tools}}', { all: on })
              : t('{on, number} of {all, number} tools on', { on, all: tools.length })}
          </summary>
          <ul aria-label={t('Tools of {name}', { name })} className="divide-y divide-line ps-5">
            {tools.map((tool) => (
              <ToolRow
                key={tool.name}
                tool={tool}
                isServerOn={isOn}
                onSwitch={(next) => onSwitch({ server: name, tool: tool.name }, next)}
              />
            ))}
          </ul>
        </details>
      )}
      {tools.length === 0 && state === 'connected' && (
        <p className="mt-1 text-sm text-ink-faint">{t('It has no tools for you.')}</p>
      )}
    </section>
  )
}
