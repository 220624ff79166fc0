import { useEffect, useState } from 'preact/hooks'
import { copyText } from '#lib/chatkit-element/copy-text.ts'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Copies a text, and says so for two seconds. */
export function CopyAction({ text }: { text: string }) {
  const { strings } = useUi()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <>
      <IconButton
        icon={copied ? 'check' : 'copy'}
        size={16}
        label={copied ? strings.copied : strings.copy}
        onClick={async () => setCopied(await copyText(text))}
      />
      <span class="sr-only" role="status">
        {copied ? strings.copied : ''}
      </span>
    </>
  )
}
