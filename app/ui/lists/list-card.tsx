import { type ReactNode, Suspense } from 'react'
import { Card } from '#app/ui/card.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'

/**
 * The card around a list that loads while the page is already visible. A different `address` is a
 * different list and loads again. `label` names what is loading.
 */
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
