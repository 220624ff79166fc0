import type { Metadata } from 'next'
import { TextLink } from '#app/forms/text-link.tsx'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { ResetForm } from './reset-form.tsx'

export const metadata: Metadata = { title: 'New password' }

export default function ResetPasswordPage() {
  return (
    <Entrance
      title="Choose a new password"
      hint="All your sessions end; you sign in with the new password."
      below={<TextLink href="/sign-in">Back to sign in</TextLink>}
    >
      <ResetForm />
    </Entrance>
  )
}
