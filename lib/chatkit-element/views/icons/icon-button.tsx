import type { JSX, Ref } from 'preact'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'

type Props = Omit<JSX.IntrinsicElements['button'], 'label' | 'icon' | 'ref' | 'size'> & {
  icon: string
  /** The accessible name, also shown on hover. */
  label: string
  size?: number
  buttonRef?: Ref<HTMLButtonElement>
}

/** A button that shows only an icon and has an accessible name. */
export function IconButton({ icon, label, size = 20, buttonRef, class: extra, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      {...(buttonRef && { ref: buttonRef })}
      class={`icon-button ${extra ?? ''}`}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} size={size} />
    </button>
  )
}
