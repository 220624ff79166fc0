import { SearchX } from 'lucide-react'
import { LinkButton } from '#app/ui/button.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { PageTitle } from './page-title.tsx'

/**
 * Shown for an address that does not exist, and for one that this person may not see: the two look
 * the same.
 */
export function NothingHere() {
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
        <PageTitle title="Not found · Switchboard" />
        <p>The address is wrong, or the page is not for your account.</p>
      </EmptyState>
    </div>
  )
}
