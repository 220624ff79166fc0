'use client'

import type { EntitiesOption, Entity } from '@openai/chatkit'
import { browserTranslate } from '#app/language/browser-translate.ts'
import { connectAccount } from '../open-connection.ts'
import { findResources, type Missing, type Resource } from './ask-offers.ts'

const ID_PART_CHARS = 90

/** `onTagSelect` is our element's own: false keeps what was chosen out of the message. */
type Entities = EntitiesOption & { onTagSelect?: (entity: Entity) => boolean }

/**
 * Resources after an `@`: ChatKit's own entity search. A chosen one becomes a tag, whose data say to
 * the server what it is. With `connects`, for our own element alone, a server that needs the
 * person's account is named, and choosing it opens the sign-in.
 */
export function makeResourceEntities({ connects }: { connects: boolean }): Entities {
  return {
    showComposerMenu: true,
    onTagSearch: async (words) => {
      const { resources, unavailable } = await findResources(words)
      const missing = connects ? unavailable : []
      return [...resources.map(toEntity), ...missing.flatMap((one) => toConnectEntity(one, words))]
    },
    // OpenAI's script may refuse an option that it does not know.
    ...(connects && { onTagSelect: chooseEntity }),
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

/** False for a server to connect, which is no part of a message. */
function chooseEntity({ data }: Entity): boolean {
  if (data?.kind !== 'connect') return true
  void connectAccount({ id: String(data.id), way: data.way === 'key' ? 'key' : 'oauth' })
  return false
}

function toConnectEntity({ server, sentence, connect }: Missing, words: string): Entity[] {
  const t = browserTranslate()
  if (!connect || !`connect ${server}`.toLowerCase().includes(words.trim().toLowerCase())) return []
  const data = { kind: 'connect', ...connect, description: sentence }
  return [
    {
      ...{ id: `connect ${server}`, title: t('Connect {server}', { server }), icon: 'keys' },
      group: t('Servers that need your account'),
      data,
    },
  ]
}

/** An id has at most 200 characters. The data name the resource exactly. */
function toId(text: string): string {
  return text.length <= 2 * ID_PART_CHARS ? text : `${text.slice(0, ID_PART_CHARS)}…${text.slice(-ID_PART_CHARS)}`
}

function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
