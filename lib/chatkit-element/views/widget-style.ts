import type { JSX } from 'preact'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'

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

/** Four pixels a unit for gaps and paddings; strings are CSS lengths. */
export function space(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value * 4}px` : typeof value === 'string' ? value : undefined
}

function length(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value}px` : typeof value === 'string' ? value : undefined
}

/** A colour token, a CSS colour, or a pair for the two schemes. Nothing that could fetch is let through. */
export function colour(value: unknown): string | undefined {
  if (value && typeof value === 'object' && 'light' in value && 'dark' in value) {
    const { light, dark } = value as { light: unknown; dark: unknown }
    return `light-dark(${colour(light) ?? 'inherit'}, ${colour(dark) ?? 'inherit'})`
  }
  if (typeof value !== 'string' || /url|image|;/i.test(value)) return undefined
  return TOKENS[value] ?? (/^[a-z]+-\d+$/.test(value) ? undefined : value)
}

function sides(name: 'padding' | 'margin', value: unknown): Style {
  if (!value || typeof value !== 'object') return defined({ [name]: space(value) })
  const { x, y, top = y, bottom = y, left = x, right = x } = value as Record<string, unknown>
  return defined({
    [`${name}Top`]: space(top),
    [`${name}Bottom`]: space(bottom),
    [`${name}InlineStart`]: space(left),
    [`${name}InlineEnd`]: space(right),
  })
}

function border(value: unknown): Style {
  const { size, color, style } = (typeof value === 'number' ? { size: value } : value) as {
    size?: unknown
    color?: unknown
    style?: unknown
  }
  return typeof size === 'number'
    ? { border: `${size}px ${typeof style === 'string' ? style : 'solid'} ${colour(color) ?? 'var(--line)'}` }
    : {}
}

/** The box properties that layout nodes share. Set as properties of the style object, which every CSP allows. */
export function boxStyle(node: WidgetNode): JSX.CSSProperties {
  const { size, minSize, maxSize } = node
  return {
    ...defined({
      gap: space(node.gap),
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
      background: colour(node.background),
    }),
    ...sides('padding', node.padding),
    ...sides('margin', node.margin),
    ...(node.border !== undefined && node.border !== null && border(node.border)),
  } as JSX.CSSProperties
}

const WEIGHTS: Record<string, number> = { normal: 400, medium: 500, semibold: 600, bold: 700 }

/** What text nodes share. */
export function textStyle(node: WidgetNode): JSX.CSSProperties {
  return defined({
    color: colour(node.color),
    fontWeight: WEIGHTS[String(node.weight)],
    textAlign: node.textAlign as string | undefined,
    fontStyle: node.italic ? 'italic' : undefined,
    textDecoration: node.lineThrough ? 'line-through' : undefined,
    width: length(node.width),
    minHeight: typeof node.minLines === 'number' ? `${node.minLines * 1.5}em` : undefined,
    WebkitLineClamp: typeof node.maxLines === 'number' ? node.maxLines : node.truncate ? 1 : undefined,
  }) as JSX.CSSProperties
}

function defined(style: Record<string, unknown>): Style {
  return Object.fromEntries(Object.entries(style).filter(([, value]) => value !== undefined)) as Style
}
