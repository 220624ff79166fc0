'use client'

import type { EntitiesOption, Entity } from '@openai/chatkit'
import { browserTranslate } from '#app/language/browser-translate.ts'
import type { ChatAssistant } from './chat-assistant.ts'

/**
 * The assistants after an `@`, before what `others` finds. A chosen one becomes a tag, whose data say
 * to the server who answers from then on.
 */
export function withAssistants(others: EntitiesOption, assistants: readonly ChatAssistant[]): EntitiesOption {
  if (assistants.length < 2) return others
  return {
    ...others,
    onTagSearch: async (words) => [
      ...listMatching(assistants, words).map(toEntity),
      ...((await others.onTagSearch?.(words).catch(() => [])) ?? []),
    ],
    onRequestPreview: async (entity) => {
      const t = browserTranslate()
      if (entity.data?.kind !== 'assistant') return (await others.onRequestPreview?.(entity)) ?? { preview: null }
      return {
        preview: {
          type: 'Basic',
          direction: 'col',
          gap: 1,
          padding: 2,
          children: [
            { type: 'Text', value: entity.title, weight: 'semibold' },
            { type: 'Caption', value: entity.data.description || t('Answers from here on.') },
          ],
        },
      }
    },
  }
}

function listMatching(assistants: readonly ChatAssistant[], words: string): ChatAssistant[] {
  const wanted = words.trim().toLowerCase()
  return assistants.filter(({ slug, name }) => slug.includes(wanted) || name.toLowerCase().includes(wanted))
}

function toEntity({ slug, name, description, picture }: ChatAssistant): Entity {
  const t = browserTranslate()
  return {
    id: `assistant:${slug}`,
    title: name,
    icon: picture,
    group: t('Assistants'),
    interactive: true,
    data: { kind: 'assistant', assistant: slug, description },
  }
}
