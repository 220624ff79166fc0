import type { ChatKitIcon, Widgets } from '@openai/chatkit'

// biome-ignore format: a list of names
const NAMES = [
  'agent', 'analytics', 'atom', 'batch', 'bolt', 'book-clock', 'book-closed', 'book-open', 'bug', 'calendar', 'chart', 'check',
  'check-circle', 'check-circle-filled', 'chevron-left', 'chevron-right', 'circle-question', 'clock', 'compass', 'confetti', 'cube',
  'desktop', 'document', 'dot', 'dots-horizontal', 'dots-vertical', 'empty-circle', 'external-link', 'globe', 'images', 'info', 'keys',
  'lab', 'lifesaver', 'lightbulb', 'mail', 'map-pin', 'maps', 'mobile', 'name', 'notebook', 'notebook-pencil', 'page-blank', 'phone',
  'play', 'plus', 'profile', 'profile-card', 'reload', 'search', 'settings-slider', 'sparkle', 'sparkle-double', 'square-code',
  'square-image', 'square-text', 'star', 'star-filled', 'suitcase', 'user', 'wreath', 'write', 'write-alt', 'write-alt2',
] as const

type Named = (typeof NAMES)[number]
/** An icon (protocol section 1.4): one of 64 names, or a prefixed name of another collection. */
export type IconName = Named | `vendor:${string}` | `lucide:${string}`

// Fails to compile if OpenAI's types have a name that is missing here.
type Missing = Exclude<Exclude<ChatKitIcon, `lucide:${string}`> | Widgets.WidgetIcon, Named>
const complete: [Missing] extends [never] ? true : Missing = true

/** The names without a prefix. */
export const ICON_NAMES: readonly Named[] = complete ? NAMES : []

/** True for a name that clients can show. */
export function isIconName(name: string): name is IconName {
  return (NAMES as readonly string[]).includes(name) || /^(vendor|lucide):[\w-]+$/.test(name)
}

/** Returns the name. Throws an Error that names it if clients cannot show it. */
export function toIconName(name: string): IconName {
  if (!isIconName(name)) throw new Error(`There is no icon "${name}".`)
  return name
}
