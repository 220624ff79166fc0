import { useState } from 'preact/hooks'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Says that a tool goes on while the person may write, and ends it. */
export function BackgroundStop() {
  const { strings, chat } = useUi()
  const [isStopping, setStopping] = useState(false)
  const stop = () => {
    setStopping(true)
    void chat.background.stop().finally(() => setStopping(false))
  }
  return (
    <p class="background">
      <span>{strings.goesOn}</span>
      <button type="button" class="background-stop" disabled={isStopping} onClick={stop}>
        {strings.stopTool}
      </button>
    </p>
  )
}
