import { formatArguments, SHOWN_MAX_CHARS } from '#lib/agent/approvals/approval-card.ts'
import { inexactPart } from '#lib/agent/approvals/inexact-json.ts'
import { isDeeper } from '#lib/platform/json/is-deeper.ts'
import { JsonMeter } from '#lib/platform/json/json-meter.ts'
import { withoutRuns } from '#lib/platform/text/visible-text.ts'

const LEVELS_MAX = 32
// Blanks are shown as a count, so that a call may be longer than what is read of it.
const SENT_MAX_CHARS = 200_000
// A model may write each character as an escape of six.
const WRITTEN_MAX_CHARS = 6 * SENT_MAX_CHARS
// Each value is shown on a line of its own: more of them are more characters than are shown.
const COUNTS_MAX = { values: SHOWN_MAX_CHARS / 2, depth: Number.POSITIVE_INFINITY, escapes: SENT_MAX_CHARS }
const TOO_LONG = 'its arguments are too long to be read'

/**
 * Why nobody can be asked about a call with these arguments, as the end of a sentence; undefined if a card can show all that is sent.
 * `text` is what the model wrote, from which `args` were read. Takes time in proportion to what a card shows, not to what came.
 */
export function whyUnreadable(args: unknown, text = ''): string | undefined {
  if (text.length > WRITTEN_MAX_CHARS || holdsTooMany(text)) return TOO_LONG
  if (isDeeper(args, LEVELS_MAX)) return `its arguments are nested deeper than ${LEVELS_MAX} levels`
  const sent = JSON.stringify(args)
  if (sent.length > SENT_MAX_CHARS || holdsTooMany(sent) || leastShown(sent) > SHOWN_MAX_CHARS) return TOO_LONG
  const inexact = inexactPart(text)
  if (inexact) return `its arguments cannot be sent as they are written: ${inexact}`
  return formatArguments(args).length > SHOWN_MAX_CHARS ? TOO_LONG : undefined
}

function holdsTooMany(json: string): boolean {
  return new JsonMeter(COUNTS_MAX).feed(Buffer.from(json)) !== undefined
}

/** What a card shows of a JSON text has at least so many characters: counted, which costs less than to show it. */
function leastShown(json: string): number {
  return withoutRuns(json.replaceAll('\\n', '\n').replace(/\\(?:u[\da-f]{4}|[bfrt])/g, '\t')).length
}
