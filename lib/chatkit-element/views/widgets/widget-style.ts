import type { JSX } from 'preact'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { toWord } from '#lib/chatkit-element/views/widgets/widget-context.ts'

type Style = Record<string, string | number>

const TOKENS: Record<string, string> = {
  primary: 'var(--text)',
  prose: 'var(--text)',
  emphasis: 'var(--text)',
  secondary: 'var(--muted)',
  tertiary: 'var(--faint)',
  'alpha-70': 'var(--muted)',
  success: 'var(--good)',
  danger: 'var(--bad)',
  warning: 'var(--warn)',
  caution: 'var(--warn)',
  info: 'var(--info)',
  discovery: 'var(--discovery)',
  surface: 'var(--raised)',
  'surface-secondary': 'var(--sunken)',
  'surface-tertiary': 'var(--sunken)',
  default: 'var(--line)',
  subtle: 'var(--line)',
  strong: 'var(--line-strong)',
}
const RADII: Record<string, string> = {
  none: '0',
  '2xs': '2px',
  xs: '4px',
  sm: '6px',
  md: '8px',
  lg: '12px',
  xl: '16px',
  '2xl': '20px',
  '3xl': '24px',
  '4xl': '32px',
  full: '9999px',
}
const PLACES: Record<string, string> = {
  start: 'flex-start',
  end: 'flex-end',
  between: 'space-between',
  around: 'space-around',
  evenly: 'space-evenly',
}

/** Gaps and paddings as CSS: numbers are units of 4 px, strings are CSS lengths. */
export function toSpace(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value * 4}px` : typeof value === 'string' ? value : undefined
}

function length(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value}px` : typeof value === 'string' ? value : undefined
}

/** Hue and chroma of the named palettes, from which colours such as `blue-500` are computed. */
const PALETTES: Record<string, [hue: number, chroma: number]> = {
  gray: [265, 0.01],
  red: [27, 0.2],
  orange: [50, 0.17],
  yellow: [90, 0.16],
  green: [152, 0.16],
  blue: [255, 0.18],
  purple: [300, 0.19],
  pink: [355, 0.19],
}

function primitive(name: string): string | undefined {
  const [, hueName = '', step] = /^([a-z]+)(?:-(\d{1,4}))?$/.exec(name) ?? []
  const palette = Object.hasOwn(PALETTES, hueName) ? PALETTES[hueName] : undefined
  if (!palette) return undefined
  const depth = Math.min(1000, Number(step ?? 500)) / 1000
  const lightness = 0.99 - depth * 0.72
  return `oklch(${lightness.toFixed(3)} ${(palette[1] * Math.sin(Math.PI * (0.12 + depth * 0.76))).toFixed(3)} ${palette[0]})`
}

/**
 * A colour token, a palette step, a CSS colour, or a pair for light and dark. Values that could
 * fetch something are rejected.
 */
export function toColour(value: unknown): string | undefined {
  if (value && typeof value === 'object' && 'light' in value && 'dark' in value) {
    const { light, dark } = value as { light: unknown; dark: unknown }
    return `light-dark(${toColour(light) ?? 'inherit'}, ${toColour(dark) ?? 'inherit'})`
  }
  if (typeof value !== 'string' || !isPaint(value)) return undefined
  return (Object.hasOwn(TOKENS, value) ? TOKENS[value] : undefined) ?? primitive(value) ?? value
}

/** What a colour or a gradient may be computed with. Any other function could fetch something. */
const PAINTS =
  /^(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark|(?:repeating-)?(?:linear|radial|conic)-gradient|calc|min|max|clamp)?$/i

/** True for a colour or a gradient. CSS reads `u\72l(` as `url(`, so that no escape is one. */
function isPaint(value: string): boolean {
  return !/[\\;{}]|\/\*/.test(value) && [...value.matchAll(/([\w-]*)\(/g)].every(([, name = '']) => PAINTS.test(name))
}

const COLUMNS: Record<string, string> = { xs: '3rem', sm: '5rem', md: '8rem', lg: '12rem', xl: '16rem' }

/** The minimum width of a table's column. */
export function toColumnWidth(size: unknown): string | undefined {
  return COLUMNS[String(size)]
}

function toSides(name: 'padding' | 'margin', value: unknown): Style {
  if (!value || typeof value !== 'object') return dropUndefined({ [name]: toSpace(value) })
  const { x, y, top = y, bottom = y, left = x, right = x } = value as Record<string, unknown>
  return dropUndefined({
    [`${name}Top`]: toSpace(top),
    [`${name}Bottom`]: toSpace(bottom),
    [`${name}InlineStart`]: toSpace(left),
    [`${name}InlineEnd`]: toSpace(right),
  })
}

/** One border for all sides, or different borders for some. */
function toBorders(value: unknown): Style {
  if (!value || (typeof value === 'object' && 'size' in value) || typeof value === 'number')
    return dropUndefined({ border: toBorder(value) })
  if (typeof value !== 'object') return {}
  const { x, y, top = y, bottom = y, left = x, right = x } = value as Record<string, unknown>
  return dropUndefined({
    borderTop: toBorder(top),
    borderBottom: toBorder(bottom),
    borderInlineStart: toBorder(left),
    borderInlineEnd: toBorder(right),
  })
}

function toBorder(value: unknown): string | undefined {
  const { size, color, style } = (typeof value === 'number' ? { size: value } : (value ?? {})) as Record<
    string,
    unknown
  >
  return typeof size === 'number'
    ? `${size}px ${toWord(style) ?? 'solid'} ${toColour(color) ?? 'var(--line)'}`
    : undefined
}

/**
 * The box properties that layout nodes share. They are set on the style object, which every
 * Content-Security-Policy allows.
 */
export function toBoxStyle(node: WidgetNode): JSX.CSSProperties {
  const { size, minSize, maxSize } = node
  return {
    ...dropUndefined({
      gap: toSpace(node.gap),
      width: length(node.width ?? size),
      height: length(node.height ?? size),
      minWidth: length(node.minWidth ?? minSize),
      minHeight: length(node.minHeight ?? minSize),
      maxWidth: length(node.maxWidth ?? maxSize),
      maxHeight: length(node.maxHeight ?? maxSize),
      aspectRatio: node.aspectRatio as string | undefined,
      flex: node.flex as string | undefined,
      flexWrap: node.wrap as string | undefined,
      flexDirection: node.direction === 'row' ? 'row' : node.direction === 'col' ? 'column' : undefined,
      alignItems: PLACES[String(node.align)] ?? (node.align as string | undefined),
      justifyContent: PLACES[String(node.justify)] ?? (node.justify as string | undefined),
      borderRadius: RADII[String(node.radius)],
      background: toColour(node.background),
    }),
    ...toSides('padding', node.padding),
    ...toSides('margin', node.margin),
    ...toBorders(node.border),
  } as JSX.CSSProperties
}

const WEIGHTS: Record<string, number> = { normal: 400, medium: 500, semibold: 600, bold: 700 }

/** The style properties that text nodes share. */
export function toTextStyle(node: WidgetNode): JSX.CSSProperties {
  return dropUndefined({
    color: toColour(node.color),
    fontWeight: WEIGHTS[String(node.weight)],
    textAlign: node.textAlign as string | undefined,
    fontStyle: node.italic ? 'italic' : undefined,
    textDecoration: node.lineThrough ? 'line-through' : undefined,
    width: length(node.width),
    minHeight: typeof node.minLines === 'number' ? `${node.minLines * 1.5}em` : undefined,
    WebkitLineClamp: typeof node.maxLines === 'number' ? node.maxLines : node.truncate ? 1 : undefined,
  }) as JSX.CSSProperties
}

function dropUndefined(style: Record<string, unknown>): Style {
  return Object.fromEntries(Object.entries(style).filter(([, value]) => value !== undefined)) as Style
}
