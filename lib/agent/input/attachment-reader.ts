import type { InputPart } from '#lib/agent/input/to-model-input.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { isRefused, readAttachment } from '#lib/data/attachments/attachments.ts'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { AppError } from '#lib/platform/errors.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

const TEXT_MAX_CHARS = 40_000
/** The limit (bytes) of all attachments together in one request. Model servers refuse more. */
const REQUEST_MAX_BYTES = 30 * 1024 * 1024

/**
 * Returns a reader of the caller's attachments for one request: pictures and PDFs as they are, text
 * as text, clipped to 40,000 characters. If there is no room for all, those that are read first are
 * sent. A file that a model has refused is only named. `onSent` is called for each picture and PDF
 * that is sent.
 */
export function makeAttachmentReader(
  caller: { userId: string },
  onSent: (attachment: Attachment) => void = () => undefined,
): (attachment: Attachment) => Promise<InputPart[]> {
  let room = REQUEST_MAX_BYTES
  return async (attachment) => {
    const { id, name, mime_type } = attachment
    try {
      if (await isRefused(caller, id))
        return [text(`[The attached file ${JSON.stringify(name)} is left out: the model refused it.]`)]
      const { bytes } = await readAttachment(caller, id)
      if (bytes.byteLength > room) return [text(`[There is no room for the attached file ${JSON.stringify(name)}.]`)]
      room -= bytes.byteLength
      if (['image', 'pdf'].includes(toKind(mime_type))) onSent(attachment)
      return [toPart(name, mime_type, bytes)]
    } catch (error) {
      // A deleted file does not stop the conversation. Other errors, such as an unreachable store,
      // are thrown.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error
      return [text(`[The attached file ${JSON.stringify(name)} is not there any more.]`)]
    }
  }
}

function toPart(name: string, mimeType: string, bytes: Uint8Array): InputPart {
  const kind = toKind(mimeType)
  const dataUrl = () => `data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`
  if (kind === 'image') return { type: 'input_image', image: dataUrl(), detail: 'auto' }
  if (kind === 'pdf') return { type: 'input_file', file: dataUrl(), filename: name }
  if (kind !== 'text') return text(`[The attached file ${JSON.stringify(name)} cannot be read.]`)
  const whole = decodeText(bytes)?.text ?? new TextDecoder().decode(bytes)
  const shown =
    whole.length > TEXT_MAX_CHARS
      ? `${cutText(whole, TEXT_MAX_CHARS)}\n[${whole.length - TEXT_MAX_CHARS} more characters]`
      : whole
  return text(`<Attachment name=${JSON.stringify(name)}>\n${shown}\n</Attachment>`)
}

function text(value: string): InputPart {
  return { type: 'input_text', text: value }
}
