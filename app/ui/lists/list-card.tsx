import { type ReactNode, Suspense } from 'react'
import { Card } from '#app/ui/card.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'

/** The card around a list that is read while the page shows already. Another `address` is another list, so it loads again; `label` says what loads. */
export function ListCard({ address, label, children }: { address: string; label: string; children: ReactNode }) {
  return (
    <Card flush>
      <Suspense
        key={address}
        fallback={
          <div className="p-5">
            <Skeleton lines={8} label={label} />
          </div>
        }
      >
        {children}
      </Suspense>
    </Card>
  )
}
