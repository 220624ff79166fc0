import { formatArguments, SHOWN_MAX_CHARS } from '#lib/agent/approvals/approval-card.ts'
import { findInexactPart } from '#lib/agent/approvals/inexact-json.ts'
import { isDeeper } from '#lib/platform/json/is-deeper.ts'
import { JsonMeter } from '#lib/platform/json/json-meter.ts'
import { withoutRuns } from '#lib/platform/text/visible-text.ts'

const LEVELS_MAX = 32
// Long runs of blanks or of one hidden character are shown as a count, so a call may be longer than
// what its card shows.
const SENT_MAX_CHARS = 200_000
// A model may write each character as an escape of six characters.
const WRITTEN_MAX_CHARS = 6 * SENT_MAX_CHARS
// Each value is shown on a line of its own, so more values need more characters than a card shows.
const COUNTS_MAX = { values: SHOWN_MAX_CHARS / 2, depth: Number.POSITIVE_INFINITY, escapes: SENT_MAX_CHARS }
const TOO_LONG = 'its arguments are too long to be read'

/**
 * Why a person cannot be asked about a call with these arguments, as the end of a sentence;
 * undefined if a card can show everything that is sent. `text` is what the model wrote and `args`
 * were parsed from. The time that this takes is bounded by what a card shows, not by the size of
 * the input.
 */
export function findReadingProblem(args: unknown, text = ''): string | undefined {
  if (text.length > WRITTEN_MAX_CHARS || holdsTooMany(text)) return TOO_LONG
  if (isDeeper(args, LEVELS_MAX)) return `its arguments are nested deeper than ${LEVELS_MAX} levels`
  const sent = JSON.stringify(args)
  if (sent.length > SENT_MAX_CHARS || holdsTooMany(sent) || leastShown(sent) > SHOWN_MAX_CHARS) return TOO_LONG
  const inexact = findInexactPart(text)
  if (inexact) return `its arguments cannot be sent as they are written: ${inexact}`
  return formatArguments(args).length > SHOWN_MAX_CHARS ? TOO_LONG : undefined
}

function holdsTooMany(json: string): boolean {
  return new JsonMeter(COUNTS_MAX).feed(Buffer.from(json)) !== undefined
}

/**
 * The least number of characters that a card needs for a JSON text. Counting them is cheaper than
 * formatting.
 */
function leastShown(json: string): number {
  return withoutRuns(json.replaceAll('\\n', '\n').replace(/\\(?:u[\da-f]{4}|[bfrt])/g, '\t')).length
}
