import type { PlaceFacts } from '#lib/agent/assistants/fill-placeholders.ts'

/** What placeholders stand for, for this person now. The date is the one in their time zone. */
export function toPlaceFacts(
  { name, timeZone }: { name: string; timeZone: string | null },
  organisation: { name: string },
  now: Date,
): PlaceFacts {
  const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: timeZone ?? 'UTC' }).format(now)
  return { name, date, organisation: organisation.name }
}
