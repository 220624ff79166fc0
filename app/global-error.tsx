'use client'

import { LoadFailed } from '#app/ui/lists/load-failed.tsx'
import './globals.css'

/** Shown if even the root layout failed, so it brings its own <html>. */
export default function GlobalError({ error }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong · Switchboard</title>
        <main className="grid min-h-dvh place-items-center">
          <LoadFailed error={error} reset={() => location.reload()} />
        </main>
      </body>
    </html>
  )
}
