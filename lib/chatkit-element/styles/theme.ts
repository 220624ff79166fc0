import type { ChatKitOptions, ThemeOption } from '@openai/chatkit'

type Scheme = 'light' | 'dark' | 'system'
/**
 * Two additions to the public type: the scheme may be `system`, and without a scheme the page's own
 * `color-scheme` applies.
 */
export type Theme = Omit<ThemeOption, 'colorScheme'> & { colorScheme?: Scheme }

export function toTheme(option: ChatKitOptions['theme'] | Theme | 'system'): Theme {
  return typeof option === 'string' ? { colorScheme: option } : (option ?? {})
}

const RADIUS = { pill: [28, 22, 999, 14], round: [18, 16, 12, 12], soft: [10, 10, 8, 8], sharp: [3, 3, 2, 2] } as const
const DENSITY = { compact: 0.8, normal: 1, spacious: 1.2 } as const

/**
 * A theme as CSS variables of the element's root. They are set through the CSSOM, so a value cannot
 * inject CSS; the browser drops invalid values. The palettes are computed in CSS
 * (styles/theme.css).
 */
export function toThemeVariables(theme: Theme): Record<string, string> {
  const { grayscale, accent, surface } = theme.color ?? {}
  const [composer, bubble, control, panel] = RADIUS[theme.radius ?? 'pill'] ?? RADIUS.pill
  const { baseSize, fontFamily, fontFamilyMono } = theme.typography ?? {}
  return {
    '--radius-composer': `${composer}px`,
    '--radius-bubble': `${bubble}px`,
    '--radius-control': `${control}px`,
    '--radius-panel': `${panel}px`,
    '--density': String(DENSITY[theme.density ?? 'normal'] ?? 1),
    ...(grayscale && {
      '--gray-hue': String(grayscale.hue),
      '--gray-tint': String(grayscale.tint),
      '--gray-shade': String(grayscale.shade ?? 0),
    }),
    ...(accent && { '--accent': accent.primary, '--accent-level': String(accent.level) }),
    ...(surface && { '--surface': surface.background, '--ink': surface.foreground }),
    ...(baseSize && { '--base-size': `${baseSize}px` }),
    ...(fontFamily && { '--font': fontFamily }),
    ...(fontFamilyMono && { '--font-mono': fontFamilyMono }),
  }
}

const loadedFonts = new Set<string>()

/** Loads the page's fonts, each once. Fetches only the fonts that the page names. */
export function loadFonts(theme: Theme): void {
  for (const { family, src, weight, style, display, unicodeRange } of theme.typography?.fontSources ?? []) {
    const key = JSON.stringify([family, src, weight, style])
    if (loadedFonts.has(key)) continue
    loadedFonts.add(key)
    const face = new FontFace(family, `url(${JSON.stringify(src)})`, {
      ...(weight && { weight: String(weight) }),
      ...(style && { style }),
      ...(display && { display }),
      ...(unicodeRange && { unicodeRange }),
    })
    document.fonts.add(face)
  }
}
