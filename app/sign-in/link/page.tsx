import type { Metadata } from 'next'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { MailLinkForm } from './mail-link-form.tsx'

export const metadata: Metadata = { title: 'Sign in' }

/** Where a mailed sign-in link leads. Opening it uses nothing up, so that mail scanners may: the button does. */
export default function MailLinkPage() {
  return (
    <Entrance title="Sign in" hint="You opened the link that we mailed to you.">
      <MailLinkForm />
    </Entrance>
  )
}
