'use client'

import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Toggle } from '#app/ui/forms/toggle.tsx'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import type { Tool } from './ask-servers.ts'

const ASKS: Record<Tool['asks'], Sentence | ''> = {
  always: 'Asks you each time',
  once: 'Asks you once in a conversation',
  after_content: 'Asks you after content from outside',
  never: '',
}

/** One tool of a server, with its switch. */
export function ToolRow({
  tool: { name, title, description, asks, isOn },
  isServerOn,
  onSwitch,
}: {
  tool: Tool
  isServerOn: boolean
  onSwitch: (isOn: boolean) => void
}) {
  const t = useTranslate()
  return (
    <li className="flex items-start gap-2 py-2">
      <div className={`min-w-0 flex-1 ${isOn && isServerOn ? '' : 'text-ink-faint'}`}>
        <p className="font-medium break-words" dir="auto">
          {title}
        </p>
        {title !== name && <p className="font-mono text-xs break-all text-ink-faint">{name}</p>}
        {description && (
          <p className="line-clamp-3 text-sm break-words text-ink-soft" dir="auto">
            {description}
          </p>
        )}
        {ASKS[asks] && <p className="text-xs text-ink-faint">{t(ASKS[asks])}</p>}
      </div>
      <Toggle
        label={t('Tool {title}', { title })}
        isOn={isOn && isServerOn}
        isDisabled={!isServerOn}
        onChange={onSwitch}
      />
    </li>
  )
}
