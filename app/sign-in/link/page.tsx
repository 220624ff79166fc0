import type { Metadata } from 'next'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { MailLinkForm } from './mail-link-form.tsx'

export const metadata: Metadata = { title: 'Sign in' }

/**
 * The target of a mailed sign-in link. Only its button uses the link up, so that mail scanners can
 * open it safely.
 */
export default function MailLinkPage() {
  return (
    <Entrance title="Sign in" hint="You opened the link that we mailed to you.">
      <MailLinkForm />
    </Entrance>
  )
}
