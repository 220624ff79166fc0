import { SearchX } from 'lucide-react'
import type { Metadata } from 'next'
import { LinkButton } from './ui/button.tsx'
import { EmptyState } from './ui/empty-state.tsx'

export const metadata: Metadata = { title: 'Not found' }

/** For addresses that do not exist, and for those that this person may not see: the two look the same. */
export default function NotFound() {
  return (
    <div className="grid min-h-[70dvh] place-items-center">
      <EmptyState
        icon={SearchX}
        title="There is nothing here"
        action={
          <LinkButton href="/chat" tone="primary">
            Go to the chat
          </LinkButton>
        }
      >
        <h1 className="sr-only">Not found</h1>
        <p>The address is wrong, or the page is not for your account.</p>
      </EmptyState>
    </div>
  )
}
