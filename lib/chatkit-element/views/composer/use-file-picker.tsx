import { useLayoutEffect, useRef } from 'preact/hooks'
import { toAcceptAttribute } from '#lib/chatkit-element/composer/attachment-rules.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The browser's file picker as a hidden input. The same file can be picked twice in a row. */
export function useFilePicker() {
  const { chat } = useUi()
  const input = useRef<HTMLInputElement>(null)
  const { option } = chat.files
  useLayoutEffect(() => {
    chat.files.pick = () => input.current?.click()
  }, [chat])
  const picker = option && (
    <input
      ref={input}
      type="file"
      class="file-input"
      hidden
      tabIndex={-1}
      multiple={option.maxCount !== 1}
      accept={toAcceptAttribute(option.accept)}
      onChange={({ currentTarget }) => {
        chat.files.add([...(currentTarget.files ?? [])])
        currentTarget.value = ''
        chat.composer.focus()
      }}
    />
  )
  return picker
}
