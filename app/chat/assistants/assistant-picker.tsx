'use client'

import { useTranslate } from '#app/language/sentences-provider.tsx'
import { AssistantMark } from '#app/ui/assistant-mark.tsx'
import type { ChatAssistant } from './chat-assistant.ts'

/** Who answers a new conversation. Nothing is shown if there is no choice. */
export function AssistantPicker({
  assistants,
  chosen,
  onChoose,
}: {
  assistants: readonly ChatAssistant[]
  /** The slug of the chosen one. */
  chosen: string
  onChoose: (slug: string) => void
}) {
  const t = useTranslate()
  if (assistants.length < 2) return null
  return (
    <fieldset className="flex gap-2 overflow-x-auto border-b border-line px-3 py-2">
      <legend className="sr-only">{t('Who answers')}</legend>
      {assistants.map(({ slug, name, description, colour, picture }) => (
        <label
          key={slug}
          title={description || undefined}
          className="flex shrink-0 cursor-pointer items-center gap-2 rounded-md border border-line py-1 ps-1 pe-3 text-sm text-ink-soft hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft has-checked:font-medium has-checked:text-accent-strong has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="assistant"
            value={slug}
            checked={slug === chosen}
            onChange={() => onChoose(slug)}
            className="sr-only"
          />
          <AssistantMark colour={colour} picture={picture} />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
