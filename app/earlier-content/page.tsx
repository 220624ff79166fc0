import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { requireSignedIn } from '#lib/auth/sessions/page-caller.ts'
import { listUnclaimedContent } from '#lib/data/people/unclaimed-content.ts'
import { EarlierContentForm } from './earlier-content-form.tsx'

export const metadata: Metadata = { title: 'Is this yours?' }

/**
 * Asks the owner of an address what to do with content that was created before the address was
 * verified.
 */
export default async function EarlierContentPage() {
  const content = await listUnclaimedContent(await requireSignedIn())
  if (content.length === 0) redirect('/chat')
  return (
    <Entrance
      title="Is this yours?"
      hint="It was in this account before you proved that the address is yours, so somebody else may have made it. Tokens, authorized apps, connected accounts and other sessions from that time have ended."
    >
      {content.map(({ kind, count, names }) => (
        <section key={kind}>
          <h2 className="text-sm font-semibold">
            {count} {count === 1 ? kind.slice(0, -1) : kind}
          </h2>
          <ul className="mt-1 max-h-40 list-disc overflow-y-auto pl-5 text-sm text-ink-soft">
            {names.map((name, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same name, and the list never changes
              <li key={index}>{name}</li>
            ))}
            {count > names.length && <li>and {count - names.length} more</li>}
          </ul>
        </section>
      ))}
      <EarlierContentForm />
    </Entrance>
  )
}
