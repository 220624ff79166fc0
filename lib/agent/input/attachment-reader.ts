import type { InputPart } from '#lib/agent/input/to-model-input.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { isRefused, readAttachment, readAttachmentText } from '#lib/data/attachments/attachments.ts'
import { AppError } from '#lib/platform/errors.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

const TEXT_MAX_CHARS = 40_000
/** The limit (bytes) of all attachments together in one request. Model servers refuse more. */
const REQUEST_MAX_BYTES = 30 * 1024 * 1024

/**
 * Returns a reader of the caller's attachments for one request: pictures and PDFs as they are, text
 * and the text of Office documents clipped to 40,000 characters. If there is no room for all, those
 * that are read first are sent. A file that a model has refused is only named. `onSent` is called
 * for each picture and PDF that is sent.
 */
export function makeAttachmentReader(
  caller: { userId: string },
  onSent: (attachment: Attachment) => void = () => undefined,
): (attachment: Attachment) => Promise<InputPart[]> {
  let room = REQUEST_MAX_BYTES
  /** False if there is no room for this many bytes more. */
  const takeRoom = (bytes: number) => {
    if (bytes > room) return false
    room -= bytes
    return true
  }
  return async (attachment) => {
    const { id, name, mime_type } = attachment
    const full = [text(`[There is no room for the attached file ${JSON.stringify(name)}.]`)]
    try {
      if (await isRefused(caller, id))
        return [text(`[The attached file ${JSON.stringify(name)} is left out: the model refused it.]`)]
      const kind = toKind(mime_type)
      if (kind === 'image' || kind === 'pdf') {
        const { bytes } = await readAttachment(caller, id)
        if (!takeRoom(bytes.byteLength)) return full
        onSent(attachment)
        const url = `data:${mime_type};base64,${Buffer.from(bytes).toString('base64')}`
        return [kind === 'image' ? { type: 'input_image', image: url, detail: 'auto' } : toFile(url, name)]
      }
      const { text: whole, size } = await readAttachmentText(caller, id)
      if (whole === null) return [text(`[The attached file ${JSON.stringify(name)} cannot be read.]`)]
      return takeRoom(size) ? [text(wrap(name, kind, clip(whole)))] : full
    } catch (error) {
      // A deleted file does not stop the conversation. Other errors, such as an unreachable store,
      // are thrown.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error
      return [text(`[The attached file ${JSON.stringify(name)} is not there any more.]`)]
    }
  }
}

function toFile(url: string, filename: string): InputPart {
  return { type: 'input_file', file: url, filename }
}

function clip(whole: string): string {
  if (whole.length <= TEXT_MAX_CHARS) return whole
  return `${cutText(whole, TEXT_MAX_CHARS)}\n[${whole.length - TEXT_MAX_CHARS} more characters]`
}

/** Says of a document that its text is not all that it has. */
function wrap(name: string, kind: string, shown: string): string {
  const about = kind === 'office' ? ' contains="the text of the document, without its pictures and charts"' : ''
  return `<Attachment name=${JSON.stringify(name)}${about}>\n${shown}\n</Attachment>`
}

function text(value: string): InputPart {
  return { type: 'input_text', text: value }
}
