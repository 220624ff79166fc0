'use client'

import type { EntitiesOption, Entity } from '@openai/chatkit'
import { findResources, type Resource } from './ask-offers.ts'

const ID_PART_CHARS = 90

/**
 * Resources after an `@`: ChatKit's own entity search. A chosen one becomes a tag, whose data say to
 * the server what it is.
 */
export function makeResourceEntities(): EntitiesOption {
  return {
    showComposerMenu: true,
    onTagSearch: async (words) => (await findResources(words)).map(toEntity),
    onRequestPreview: async ({ title, group, data }) => ({
      preview: {
        type: 'Basic',
        direction: 'col',
        gap: 1,
        padding: 2,
        children: [
          { type: 'Text', value: title, weight: 'semibold' },
          { type: 'Caption', value: [group, data?.description].filter(Boolean).join(' · ') },
          { type: 'Caption', value: data?.uri ?? '' },
        ],
      },
    }),
  }
}

/** A resource as an entity. The name of its server is its group. */
export function toEntity({ server, uri, name, description, mimeType, size }: Resource): Entity {
  const about = [size === undefined ? undefined : formatSize(size), mimeType, description].filter(Boolean).join(' · ')
  return {
    id: toId(`${server} ${uri}`),
    title: name,
    icon: 'document',
    group: server,
    interactive: true,
    data: { kind: 'resource', server, uri, ...(about && { description: about }) },
  }
}

/** An id has at most 200 characters. The data name the resource exactly. */
function toId(text: string): string {
  return text.length <= 2 * ID_PART_CHARS ? text : `${text.slice(0, ID_PART_CHARS)}…${text.slice(-ID_PART_CHARS)}`
}

function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
