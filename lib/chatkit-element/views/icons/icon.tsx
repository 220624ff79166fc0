import { findIcon } from '#lib/chatkit-element/views/icons/find-icon.ts'

/** A decorative icon; the element around it has the accessible name. */
export function Icon({ name, size = 18, class: extra = '' }: { name: string; size?: number; class?: string }) {
  const { icon: Glyph, filled } = findIcon(name)
  return (
    <Glyph
      size={size}
      strokeWidth={1.75}
      class={`icon ${extra}`}
      aria-hidden="true"
      {...(filled && { fill: 'currentColor' })}
    />
  )
}
