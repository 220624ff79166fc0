'use client'

import { useRouter } from 'next/navigation'
import { startTransition } from 'react'
import { LoadFailed } from '#app/ui/lists/load-failed.tsx'

/** Shown in place of a page that failed. Retry asks the server for it again. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter()
  const again = () =>
    startTransition(() => {
      router.refresh()
      reset()
    })
  return (
    <main className="grid min-h-[60dvh] place-items-center">
      <LoadFailed error={error} reset={again} />
    </main>
  )
}
