import type { Fork } from '#lib/chatkit/protocol/thread.ts'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** Says which of several versions is shown, and leads to the one before and behind it. */
export function VersionSwitch({ fork, busy }: { fork: Fork; busy: boolean }) {
  const { chat, strings } = useUi()
  const { branches, after_id: place = '' } = fork
  const at = branches.indexOf(null)
  const go = async (button: HTMLElement, step: 1 | -1) => {
    const root = button.getRootNode() as ShadowRoot
    const branch = branches[at + step]
    if (!branch || busy) return
    await chat.actions.chooseBranch(branch)
    // The button was replaced together with what it belongs to.
    requestAnimationFrame(() => {
      const all = [...root.querySelectorAll<HTMLElement>('.versions')].filter((one) => one.dataset.place === place)
      all[0]?.querySelector<HTMLElement>(step > 0 ? 'button:last-of-type' : 'button')?.focus()
    })
  }
  const button = (step: 1 | -1, icon: string, label: string) => (
    <IconButton
      icon={icon}
      size={16}
      label={label}
      aria-disabled={busy || branches[at + step] === undefined}
      onClick={({ currentTarget }) => void go(currentTarget, step)}
    />
  )
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields.
    <span
      class="versions"
      data-place={place}
      role="group"
      aria-label={strings.versionOf(String(at + 1), String(branches.length))}
    >
      {button(-1, 'chevron-left', strings.previousVersion)}
      <span aria-hidden="true">
        {at + 1}/{branches.length}
      </span>
      {button(1, 'chevron-right', strings.nextVersion)}
    </span>
  )
}
