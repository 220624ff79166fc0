'use client'

import { LoadFailed } from '#app/ui/lists/load-failed.tsx'
import { browserTranslate } from './language/browser-translate.ts'
import './globals.css'

/** Shown if even the root layout failed, so it brings its own <html>. */
export default function GlobalError({ error }: { error: Error & { digest?: string }; reset: () => void }) {
  const t = browserTranslate()
  return (
    <html lang={new Intl.Locale(t.locale).language}>
      <body>
        <title>{`${t('Something went wrong')} · Switchboard`}</title>
        <main className="grid min-h-dvh place-items-center">
          <LoadFailed error={error} reset={() => location.reload()} />
        </main>
      </body>
    </html>
  )
}
