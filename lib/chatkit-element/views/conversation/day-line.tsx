import { toDayName } from '#lib/chatkit-element/language/time.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The day of the turns below. */
export function DayLine({ day }: { day: number }) {
  const { locale } = useUi()
  return (
    <p part="day" class="day" dir="auto">
      <time dateTime={new Date(day).toISOString()}>{toDayName(day, locale)}</time>
    </p>
  )
}
