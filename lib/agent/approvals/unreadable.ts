import { SHOWN_MAX_CHARS, shownArguments } from '#lib/agent/approval-card.ts'
import { inexactPart } from '#lib/agent/approvals/inexact-json.ts'
import { isDeeper } from '#lib/is-deeper.ts'

const LEVELS_MAX = 32
// Blanks are shown as a count, so that a call may be longer than what is read of it.
const SENT_MAX_CHARS = 200_000

/**
 * Why nobody can be asked about a call with these arguments, as the end of a sentence; undefined if a card can show all that is sent.
 * `text` is what the model wrote, from which `args` were read.
 */
export function whyUnreadable(args: unknown, text = ''): string | undefined {
  const inexact = inexactPart(text)
  if (inexact) return `its arguments cannot be sent as they are written: ${inexact}`
  if (isDeeper(args, LEVELS_MAX)) return `its arguments are nested deeper than ${LEVELS_MAX} levels`
  const isLong = JSON.stringify(args).length > SENT_MAX_CHARS || shownArguments(args).length > SHOWN_MAX_CHARS
  return isLong ? 'its arguments are too long to be read' : undefined
}
