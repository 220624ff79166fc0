import { toClockTime, toExactTime } from '#lib/chatkit-element/language/time.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The time of a message, which is seen while the pointer or the focus is in its turn. */
export function MessageTime({ at }: { at: string | undefined }) {
  const { locale } = useUi()
  const time = toClockTime(at ?? '', locale)
  if (!time) return null
  return (
    <time class="time" dateTime={at} title={toExactTime(at ?? '', locale)}>
      {time}
    </time>
  )
}
