import type { ChatKitOptions, FontObject, ThemeOption } from '@openai/chatkit'
import { listFonts, type MountedElement } from '#tests/support/element/mounted-element.ts'
import { inOld, type Options, type Rows } from './row.ts'

const theme = (option: ThemeOption): Options => ({ theme: option })
const font = (option: Partial<FontObject> & { family: string }) =>
  theme({ typography: { fontSources: [{ src: '/font.woff2', ...option }] } })
const fonts = (property: Parameters<typeof listFonts>[0], family: string) => () =>
  listFonts(property).filter((one) => one.startsWith(`${family} `))
const gray = (grayscale: object) => theme({ color: { grayscale: { hue: 265, tint: 1, ...grayscale } } })
const accent = (option: object) => theme({ color: { accent: { primary: 'rgb(200, 30, 90)', level: 0, ...option } } })
const surface = (option: object) =>
  theme({ color: { surface: { background: 'rgb(250, 250, 250)', foreground: 'rgb(20, 20, 20)', ...option } } })

const background = (it: MountedElement) => it.style('.root', 'background-color')
const ink = (it: MountedElement) => it.style('.root', 'color')

/** The look and the language. */
export const APPEARANCE_ROWS: Rows = {
  theme: {
    use: { theme: 'dark' },
    see: (it) => getComputedStyle(it.element).colorScheme,
    without: 'light dark',
    with: 'dark',
    values: { use: (value: 'light' | 'dark') => ({ theme: value }), see: background, are: 'different' },
  },
  'theme.colorScheme': {
    base: { theme: { colorScheme: 'light' } },
    use: { theme: { colorScheme: 'dark' } },
    see: background,
    without: 'oklch(1 0 0)',
    with: 'oklch(0.205 0.0035 265)',
  },
  'theme.typography.baseSize': {
    use: theme({ typography: { baseSize: 18 } }),
    see: (it) => it.style('.root', 'font-size'),
    without: '16px',
    with: '18px',
    values: { use: (baseSize: 14) => theme({ typography: { baseSize } }), are: 'different' },
  },
  'theme.typography.fontSources[].family': {
    use: font({ family: 'Own' }),
    see: fonts('family', 'Own'),
    without: [],
    with: ['Own Own'],
  },
  'theme.typography.fontSources[].src': {
    use: theme({
      typography: { fontFamily: 'Fetched', fontSources: [{ family: 'Fetched', src: '/fetched.woff2' }] },
    }),
    see: () => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/fetched.woff2')),
    without: false,
    with: true,
  },
  'theme.typography.fontSources[].weight': {
    base: font({ family: 'Weight 1' }),
    use: font({ family: 'Weight 2', weight: 700 }),
    see: () =>
      listFonts('weight')
        .filter((one) => one.startsWith('Weight '))
        .at(-1),
    without: 'Weight 1 normal',
    with: 'Weight 2 700',
  },
  'theme.typography.fontSources[].style': {
    base: font({ family: 'Style 1' }),
    use: font({ family: 'Style 2', style: 'italic' }),
    see: () =>
      listFonts('style')
        .filter((one) => one.startsWith('Style '))
        .at(-1),
    without: 'Style 1 normal',
    with: 'Style 2 italic',
    values: { use: (style: 'normal') => font({ family: `Style ${style}`, style }), are: 'different' },
  },
  'theme.typography.fontSources[].display': {
    base: font({ family: 'Display 1' }),
    use: font({ family: 'Display 2', display: 'swap' }),
    see: () =>
      listFonts('display')
        .filter((one) => one.startsWith('Display '))
        .at(-1),
    without: 'Display 1 auto',
    with: 'Display 2 swap',
    values: { use: (display: 'auto') => font({ family: `Display ${display}`, display }), are: 'different' },
  },
  'theme.typography.fontSources[].unicodeRange': {
    base: font({ family: 'Range 1' }),
    use: font({ family: 'Range 2', unicodeRange: 'U+41-5A' }),
    see: () =>
      listFonts('unicodeRange')
        .filter((one) => one.startsWith('Range '))
        .at(-1),
    without: 'Range 1 U+0-10FFFF',
    with: 'Range 2 U+41-5A',
  },
  'theme.typography.fontFamily': {
    use: theme({ typography: { fontFamily: 'Georgia' } }),
    see: (it) => it.style('textarea', 'font-family').split(',')[0],
    without: 'ui-sans-serif',
    with: 'Georgia',
  },
  'theme.typography.fontFamilyMono': {
    base: inOld,
    use: theme({ typography: { fontFamilyMono: 'Courier' } }),
    see: (it) => it.style('.md code', 'font-family').split(',')[0],
    without: 'ui-monospace',
    with: 'Courier',
  },
  'theme.radius': {
    use: theme({ radius: 'sharp' }),
    see: (it) => it.style('.composer', 'border-top-left-radius'),
    without: '28px',
    with: '3px',
    values: { use: (radius: 'pill') => theme({ radius }), are: 'different' },
  },
  'theme.density': {
    use: theme({ density: 'compact' }),
    see: (it) => it.style('.start', 'row-gap'),
    without: '32px',
    with: '25.6px',
    values: { use: (density: 'normal') => theme({ density }), are: 'different' },
  },
  'theme.color.grayscale.hue': {
    base: gray({}),
    use: gray({ hue: 20 }),
    see: ink,
    without: 'oklch(0.24 0.0035 265)',
    with: 'oklch(0.24 0.0035 20)',
  },
  'theme.color.grayscale.tint': {
    base: gray({}),
    use: gray({ tint: 9 }),
    see: ink,
    without: 'oklch(0.24 0.0035 265)',
    with: 'oklch(0.24 0.0315 265)',
    values: { use: (tint: 0) => gray({ tint }), are: 'different' },
  },
  'theme.color.grayscale.shade': {
    base: { theme: { colorScheme: 'dark', color: { grayscale: { hue: 265, tint: 1 } } } },
    use: { theme: { colorScheme: 'dark', color: { grayscale: { hue: 265, tint: 1, shade: -4 } } } },
    see: background,
    without: 'oklch(0.205 0.0035 265)',
    with: 'oklch(0.181 0.0035 265)',
    values: {
      use: (shade: 0) => ({ theme: { colorScheme: 'dark', color: { grayscale: { hue: 265, tint: 1, shade } } } }),
      are: 'different',
    },
  },
  'theme.color.accent.primary': {
    use: accent({}),
    before: (it) => it.type('x'),
    see: (it) => it.style('.send', 'background-color'),
    without: 'oklch(0.24 0.0035 265)',
    with: 'rgb(200, 30, 90)',
  },
  'theme.color.accent.level': {
    base: { ...inOld, ...accent({}) },
    use: accent({ level: 3 }),
    see: (it) => it.style('.bubble', 'background-color'),
    without: 'oklab(0.9582 -0.0000167775 -0.000191767)',
    with: 'oklab(0.908601 0.0240609 0.00308113)',
    values: { use: (level: 0) => ({ ...inOld, ...accent({ level }) }), are: 'different' },
  },
  'theme.color.surface.background': {
    base: surface({}),
    use: surface({ background: 'rgb(255, 240, 220)' }),
    see: background,
    without: 'rgb(250, 250, 250)',
    with: 'rgb(255, 240, 220)',
  },
  'theme.color.surface.foreground': {
    base: surface({}),
    use: surface({ foreground: 'rgb(0, 0, 90)' }),
    see: ink,
    without: 'rgb(20, 20, 20)',
    with: 'rgb(0, 0, 90)',
  },
  frameTitle: {
    use: { frameTitle: 'Helpdesk' },
    see: (it) => it.$('.root')?.ariaLabel,
    without: 'Chat',
    with: 'Helpdesk',
  },
  locale: {
    use: { locale: 'de' },
    see: (it) => it.$('textarea')?.ariaLabel,
    without: 'Message',
    with: 'Nachricht',
    values: {
      use: (locale: NonNullable<ChatKitOptions['locale']>) => ({ ...inOld, locale }),
      see: (it) => it.sent('threads.get_by_id')[0]?.language,
      are: 'different',
      sideBySide: true,
    },
  },
}
