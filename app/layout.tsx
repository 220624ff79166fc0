import type { Metadata, Viewport } from 'next'
import { cookies, headers } from 'next/headers'
import type { ReactNode } from 'react'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { readPageLanguage, readTranslate } from '#app/language/page-language.ts'
import { NonceMeta } from '#app/ui/layout/nonce-meta.tsx'
import { readTheme, THEME_COOKIE } from '#app/ui/layout/theme-cookie.ts'
import { LANGUAGES } from '#lib/platform/language/languages.ts'
import './globals.css'

export async function generateMetadata(): Promise<Metadata> {
  const t = await readTranslate()
  return {
    title: { default: 'Switchboard', template: '%s · Switchboard' },
    description: t('Chat that gets things done through MCP tools.'),
    manifest: '/manifest.webmanifest',
    // Next drops app/icon.svg if only another one is named.
    icons: { icon: '/icon.svg', apple: '/icons/apple-touch-icon.png' },
    robots: { index: false, follow: false },
  }
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  interactiveWidget: 'resizes-content',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f5f7f5' },
    { media: '(prefers-color-scheme: dark)', color: '#0f1412' },
  ],
}

/**
 * Reads the request, which keeps every page dynamic: a page made at build time could not carry a
 * request's nonce.
 */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = readTheme((await cookies()).get(THEME_COOKIE)?.value)
  const nonce = (await headers()).get('x-nonce') ?? undefined
  const language = await readPageLanguage()
  return (
    <html
      lang={language}
      dir={LANGUAGES[language].direction}
      data-theme={theme === 'system' ? undefined : theme}
      suppressHydrationWarning
    >
      <head>{nonce && <NonceMeta nonce={nonce} />}</head>
      <body>
        <ClientSentences rooms={['common']}>{children}</ClientSentences>
      </body>
    </html>
  )
}
