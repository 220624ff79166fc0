import type { ThreadItem, WidgetNode, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { Caption, Card, Col, Icon, Image, Markdown, Row, Text } from '#lib/chatkit/server/widgets/components.ts'
import { FILES_KEY } from '#lib/data/attachments/result-file.ts'
import type { KeptFile, ResultLink, ShownFiles } from '#lib/mcp-client/files/result-files.ts'
import { env } from '#lib/platform/env.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

const ID_MAX_CHARS = 200
const NAME_MAX_CHARS = 80
const ICONS = {
  image: 'square-image',
  pdf: 'document',
  office: 'document',
  text: 'document',
  audio: 'play',
  binary: 'document',
} as const

/**
 * Our extension of a node: the file or link that it shows, from which our element makes a picture
 * that opens large, a player, a file to save, or a link that says its host.
 */
export type ShownFile = { url: string; name: string; mime_type: string; size: number; origin: string }
export type ShownLink = {
  url: string
  host?: string
  title: string
  mime_type?: string
  origin: string
  /** The resource as an entity, which a click attaches to the next message. */
  attach?: object
}

/** True for the card with a result's files. The model gets the result itself. */
export function isFilesCard(item: ThreadItem): boolean {
  return item.type === 'widget' && item.widget.key?.startsWith(FILES_KEY) === true
}

/** The card with the files and links of a tool's result. */
export function makeFilesCard(server: string, { files, links, problems }: ShownFiles): WidgetRoot {
  const origin = toVisibleText(server)
  return Card({
    key: `${FILES_KEY}${server}`,
    size: 'lg',
    children: [
      ...files.map((file) => toFileNode(file, origin)),
      ...links.map((link) => toLinkNode(link, origin, server)),
      ...problems.map((value) => Caption({ value })),
    ],
  })
}

/** What the copy button copies: the names of the files, and the addresses of the links. */
export function toCopyText({ files, links }: ShownFiles): string {
  return [...files.map(({ name }) => name), ...links.map(({ url }) => url)].join('\n')
}

function toFileNode({ id, name, mimeType, kind, size }: KeptFile, origin: string): WidgetNode {
  const url = `${env().APP_URL}/api/attachments/${id}`
  const file: ShownFile = { url, name, mime_type: mimeType, size, origin }
  if (kind === 'image') return { ...Image({ src: `${url}?preview`, alt: name, fit: 'contain' }), file }
  const facts = `${formatSize(size)} · ${origin}`
  return { ...row(ICONS[kind], name, facts, `[Save](${url})`), file }
}

function toLinkNode(given: ResultLink, origin: string, server: string): WidgetNode {
  const { title, url, host, mimeType } = given
  const about = { title, url, ...(host && { host }), ...(mimeType && { mime_type: mimeType }), origin }
  const attach = toEntity(given, server)
  const link: ShownLink = { ...about, ...(attach && { attach }) }
  const facts = [host ?? url, mimeType, origin].filter(Boolean).join(' · ')
  // These would end the link.
  const target = url.replace(/[()<>\s\\]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  return { ...row('external-link', title, facts, host ? `[Open ${host}](${target})` : ''), link }
}

/** A resource link as the chat page names resources in messages (lib/agent/input/message-offers.ts). */
function toEntity({ title, uri, mimeType }: ResultLink, server: string): object | undefined {
  // It stands in the person's own message, so it is one short line.
  const name = cutText(title.replace(/\s+/g, ' ').trim(), NAME_MAX_CHARS)
  if (uri === undefined || name === '') return undefined
  return {
    ...{
      id: `${server} ${uri}`.slice(0, ID_MAX_CHARS),
      title: name,
      icon: 'document',
      group: server,
      interactive: true,
    },
    data: { kind: 'resource', server, uri, ...(mimeType && { description: mimeType }) },
  }
}

function row(icon: 'document' | 'play' | 'external-link' | 'square-image', name: string, facts: string, more: string) {
  return Row({
    children: [
      Icon({ name: icon }),
      Col({ gap: 0, children: [Text({ value: name, truncate: true }), Caption({ value: facts, truncate: true })] }),
      more ? Markdown({ value: more }) : null,
    ],
  })
}

function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
