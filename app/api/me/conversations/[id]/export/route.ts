import { route } from '#lib/auth/route.ts'
import { cleanFileName } from '#lib/data/attachments/file-name.ts'
import { exportConversation } from '#lib/data/transfer/export-conversation.ts'
import { toByteStream } from '#lib/platform/http/byte-stream.ts'
import { contentDisposition } from '#lib/platform/http/content-disposition.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

const EXPORTS = { name: 'conversation-exports', points: 60, seconds: 60 }
const TYPES = { markdown: ['text/markdown', 'md'], json: ['application/json', 'json'] } as const
/** The longest name (characters) of a file, without its ending. */
const NAME_MAX_CHARS = 80

/** One conversation of the caller as a file: Markdown, or with `?format=json` JSON. */
export const GET = route({ params: ['id'], limit: EXPORTS }, async ({ request, caller, params: { id } }) => {
  const format = new URL(request.url).searchParams.get('format') === 'json' ? 'json' : 'markdown'
  const { thread, pieces } = await exportConversation(caller, id, format)
  const [type, ending] = TYPES[format]
  const name = cleanFileName(cutText(thread.title ?? 'Conversation', NAME_MAX_CHARS).replace(/[\\/]/g, '-'))
  return new Response(toByteStream(pieces, 'the export of a conversation'), {
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-disposition': contentDisposition('attachment', `${name}.${ending}`),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  })
})
