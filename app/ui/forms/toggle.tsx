'use client'

import { Switch as AriaSwitch } from 'react-aria-components'

/** An on-off switch without a visible label. `label` says what it switches. */
export function Toggle({
  label,
  isOn,
  isDisabled = false,
  onChange,
}: {
  label: string
  isOn: boolean
  isDisabled?: boolean
  onChange: (isOn: boolean) => void
}) {
  return (
    <AriaSwitch
      aria-label={label}
      isSelected={isOn}
      isDisabled={isDisabled}
      onChange={onChange}
      className="group inline-flex shrink-0 cursor-pointer items-center p-1.5 disabled:cursor-not-allowed disabled:opacity-55"
    >
      <span className="flex h-5 w-9 items-center rounded-full border border-line-strong bg-sunken p-0.5 transition-colors group-data-focus-visible:outline-2 group-data-focus-visible:outline-offset-2 group-data-focus-visible:outline-accent group-data-selected:border-transparent group-data-selected:bg-accent forced-colors:group-data-selected:bg-[Highlight]">
        <span className="size-3.5 rounded-full bg-ink-faint transition-transform group-data-selected:translate-x-4 group-data-selected:bg-on-accent rtl:group-data-selected:-translate-x-4" />
      </span>
    </AriaSwitch>
  )
}
