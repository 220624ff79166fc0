import type { Attachment } from '@openai/chatkit'
import type { Tag } from '#lib/chatkit-element/message/mentions.ts'

/**
 * A file of the draft. A `failed` upload may succeed later, a `refused` one would be refused again.
 * `part` is the fraction of its bytes that has been sent (0 to 1), null if unknown; `preview` is a
 * small `data:` image.
 */
export type DraftFile = {
  key: string
  name: string
  size: number | null
  isImage: boolean
  status: 'uploading' | 'failed' | 'refused' | 'done'
  part: number | null
  error: string
  preview?: string
  attachment?: Attachment
}

/** `tags` are those that were mentioned; a tag counts only while its name is in the text. */
export type Draft = { text: string; tags: readonly Tag[]; files: readonly DraftFile[]; quotedText: string }

export const EMPTY_DRAFT: Draft = { text: '', tags: [], files: [], quotedText: '' }

/** The file of an attachment that the server already has. */
export function toDraftFile(attachment: Attachment): DraftFile {
  const { id, name, type } = attachment
  const preview = attachment.type === 'image' ? { preview: attachment.preview_url } : {}
  return {
    key: id,
    name,
    size: null,
    isImage: type === 'image',
    status: 'done',
    part: 1,
    error: '',
    ...preview,
    attachment,
  }
}

/** The files with a change of one of them. */
export function changeFile(files: readonly DraftFile[], key: string, change: Partial<DraftFile>): DraftFile[] {
  return files.map((file) => (file.key === key ? { ...file, ...change } : file))
}
