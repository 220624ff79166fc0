import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { type ConsentRequest, findConsentRequest } from '#lib/auth/oauth-server/consent.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { SCOPES } from '#lib/auth/tokens/scopes.ts'
import { hasAnyAccount, requireAccount } from '#lib/data/people/users.ts'
import { ConsentForm } from './consent-form.tsx'

export const metadata: Metadata = { title: 'Allow access', referrer: 'no-referrer' }

export default async function ConsentPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const told = await headers()
  const request = await findConsentRequest(id, told)
  if (!request) redirect('/oauth/consent/problem?code=expired')
  const caller = await findCaller(told)
  if (!caller)
    redirect((await hasAnyAccount()) ? `/sign-in?callbackUrl=${encodeURIComponent(`/oauth/consent/${id}`)}` : '/set-up')
  const { name, email } = await requireAccount(caller)
  return (
    <Entrance
      title={`Allow ${request.name}?`}
      hint={`It wants to use Switchboard as you, ${name} (${email}).`}
      below={
        <p>
          You can end this at any time under Settings. It also ends when you sign out everywhere, or after 60 days
          without use.
        </p>
      }
    >
      <ConsentForm
        id={id}
        person={caller.userId}
        scopes={request.scopes.map((scope) => ({ id: scope, label: SCOPES[scope] }))}
      >
        <dl className="grid gap-3 border-t border-line pt-4 text-sm">
          <div>
            <dt className="text-ink-faint">Who asks</dt>
            <dd>{publisherText(request)}</dd>
          </div>
          <div>
            <dt className="text-ink-faint">Where your answer goes</dt>
            <dd>{placeText(request)}</dd>
          </div>
        </dl>
        <Notice tone="warn">Allow it only if you have just started this yourself, in an app that you trust.</Notice>
      </ConsentForm>
    </Entrance>
  )
}

function publisherText({ publisher, name }: ConsentRequest) {
  if (!publisher) return `It calls itself “${name}”. Nobody has verified that.`
  return (
    <>
      An app of <strong className="font-semibold">{publisher}</strong>
    </>
  )
}

function placeText({ redirect: { host, kind } }: ConsentRequest) {
  const strong = <strong className="font-semibold">{host}</strong>
  if (kind === 'this computer') return <>A program on this computer ({strong})</>
  if (kind === 'app') return <>The app on this device that opens {strong} links</>
  return strong
}
