import type { ColorScheme, ThemeOption } from '@openai/chatkit-react'

// The chat cannot read our CSS variables because OpenAI's element is a frame. These are the values
// from globals.css.
const COLOURS = {
  light: { accent: '#0a6a59', background: '#f5f7f5', foreground: '#13201b' },
  dark: { accent: '#52c7ab', background: '#0f1412', foreground: '#e8efeb' },
}

/** The chat's theme in our palette. */
export function makeChatTheme(colorScheme: ColorScheme): ThemeOption {
  const { accent, background, foreground } = COLOURS[colorScheme]
  return {
    colorScheme,
    radius: 'soft',
    density: 'normal',
    typography: {
      baseSize: 15,
      fontFamily: 'system-ui, -apple-system, "Segoe UI", "Noto Sans", Cantarell, sans-serif',
      fontFamilyMono: 'ui-monospace, "SF Mono", "Cascadia Code", "Noto Sans Mono", "DejaVu Sans Mono", monospace',
    },
    color: {
      grayscale: { hue: 155, tint: 2 },
      accent: { primary: accent, level: 2 },
      surface: { background, foreground },
    },
  }
}
