import type { Entity } from '@openai/chatkit'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { toFileSize } from '#lib/chatkit-element/language/time.ts'
import { isSameOrigin } from '#lib/chatkit-element/markdown/links.ts'
import { useFileDialog } from '#lib/chatkit-element/views/files/file-dialog.tsx'
import { Picture } from '#lib/chatkit-element/views/files/picture.tsx'
import { SaveLink, type ShownFile } from '#lib/chatkit-element/views/files/save-link.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** A link of a tool's result. Without a `host` it leads nowhere that a browser may go. */
type ShownLink = {
  url: string
  host?: string
  title: string
  mime_type?: string
  origin: string
  /** The resource, which a click attaches to the next message. */
  attach?: Entity
}

/** True for a widget's node with a file or link of a tool's result (protocol section 1.15). */
export function isShownPart(node: WidgetNode): boolean {
  return toFile(node) !== undefined || toLink(node) !== undefined
}

/** A file as a picture that opens large, a player or a chip to save it; a link with its host. */
export function ShownPart({ node }: { node: WidgetNode }) {
  const file = toFile(node)
  if (file) return file.mime_type.startsWith('image/') ? <Picture file={file} /> : <FileRow file={file} />
  const link = toLink(node)
  return link ? <LinkRow link={link} /> : null
}

function FileRow({ file }: { file: ShownFile }) {
  const { strings, locale } = useUi()
  const { url, name, size, origin, mime_type } = file
  const isSound = mime_type.startsWith('audio/')
  const { opener, dialog } = useFileDialog(file)
  const facts = (
    <>
      <Icon name={isSound ? 'play' : 'document'} size={20} />
      <span class="shown-text">
        <bdi>{name}</bdi>
        <small>{[toFileSize(size, locale), strings.fileFrom(origin)].join(' · ')}</small>
      </span>
    </>
  )
  return (
    <div class="shown-file">
      <div class="shown-row">
        {isSound || mime_type === 'application/octet-stream' ? (
          facts
        ) : (
          <button class="shown-row" {...opener} aria-label={undefined} title={opener['aria-label']}>
            {facts}
          </button>
        )}
        <SaveLink file={file} />
      </div>
      {dialog}
      {/* The recording is the tool's: nobody has captions for it. */}
      {/* biome-ignore lint/a11y/useMediaCaption: see above */}
      {isSound && <audio controls preload="none" src={`${url}?preview`} aria-label={name} />}
    </div>
  )
}

function LinkRow({ link: { url, host, title, mime_type, origin, attach } }: { link: ShownLink }) {
  const { chat, strings } = useUi()
  const facts = [host ?? url, mime_type, strings.fileFrom(origin)].filter(Boolean).join(' · ')
  const body = (
    <>
      <Icon name={host ? 'external-link' : attach ? 'document' : 'circle-alert'} size={20} />
      <span class="shown-text">
        <bdi>{title}</bdi>
        <small>{facts}</small>
        {!host && !attach && <small>{strings.linkRefused}</small>}
      </span>
    </>
  )
  const row = host ? (
    <a class="shown-row is-link" href={url} target="_blank" rel="noopener noreferrer">
      {body}
    </a>
  ) : (
    <div class="shown-row">{body}</div>
  )
  if (!attach) return row
  return (
    <div class="shown-pair">
      {row}
      <IconButton
        icon="paperclip"
        size={18}
        label={strings.attachLink(title)}
        onClick={() => chat.composer.attach(attach)}
      />
    </div>
  )
}

// A trusted server's own widget could have these fields, too, so they are checked here again.
function toFile({ file }: WidgetNode): ShownFile | undefined {
  const { url, name, mime_type, size, origin } = (file ?? {}) as Partial<ShownFile>
  const isWhole = [url, name, mime_type, origin].every((field) => typeof field === 'string')
  return isWhole && typeof size === 'number' && isSameOrigin(url ?? '') ? (file as ShownFile) : undefined
}

function toLink({ link }: WidgetNode): ShownLink | undefined {
  const { url, title, host, origin } = (link ?? {}) as Partial<ShownLink>
  if ([url, title, origin].some((field) => typeof field !== 'string')) return undefined
  const shown = withEntity(link as ShownLink)
  const leads = URL.parse(shown.url)
  if (host !== undefined && !(leads && /^https?:$/.test(leads.protocol) && leads.host === host)) {
    const { host: _, ...rest } = shown
    return rest
  }
  return shown
}

function withEntity({ attach, ...link }: ShownLink): ShownLink {
  const isEntity = typeof attach?.id === 'string' && typeof attach.title === 'string'
  return isEntity ? { ...link, attach } : link
}
