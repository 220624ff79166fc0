/** The cookie that remembers a chosen theme; without it the system decides. */
export const THEME_COOKIE = 'theme'

export type Theme = 'system' | 'light' | 'dark'

/** The theme that a cookie's value names; anything unknown is `system`. */
export function themeOf(value: string | undefined): Theme {
  return value === 'light' || value === 'dark' ? value : 'system'
}
