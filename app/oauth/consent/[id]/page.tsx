import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { ClientSentences } from '#app/language/client-sentences.tsx'
import { readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { type ConsentRequest, findConsentRequest } from '#lib/auth/oauth-server/consent.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { SCOPES } from '#lib/auth/tokens/scopes.ts'
import { hasAnyAccount, requireAccount } from '#lib/data/people/users.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { ConsentForm } from './consent-form.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readTranslate())('Allow access'), referrer: 'no-referrer' }
}

export default async function ConsentPage({ params }: { params: Promise<{ id: string }> }) {
  const t = await readTranslate()
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
      title={t('Allow {name}?', { name: request.name })}
      hint={t('It wants to use Switchboard as you, {name} ({email}).', { name, email })}
      below={
        <p>
          {t(
            'You can end this at any time under Settings. It also ends when you sign out everywhere, or after 60 days without use.',
          )}
        </p>
      }
    >
      <ClientSentences rooms={['oauth']}>
        <ConsentForm
          id={id}
          person={caller.userId}
          scopes={request.scopes.map((scope) => ({ id: scope, label: t(SCOPES[scope]) }))}
        >
          <dl className="grid gap-3 border-t border-line pt-4 text-sm">
            <div>
              <dt className="text-ink-faint">{t('Who asks')}</dt>
              <dd>{publisherText(request, t)}</dd>
            </div>
            <div>
              <dt className="text-ink-faint">{t('Where your answer goes')}</dt>
              <dd>{placeText(request, t)}</dd>
            </div>
          </dl>
          <Notice tone="warn">
            {t('Allow it only if you have just started this yourself, in an app that you trust.')}
          </Notice>
        </ConsentForm>
      </ClientSentences>
    </Entrance>
  )
}

function publisherText({ publisher, name }: ConsentRequest, t: Translate) {
  if (!publisher) return t('It calls itself “{name}”. Nobody has verified that.', { name })
  return t.rich('An app of {publisher}', { publisher: <strong className="font-semibold">{publisher}</strong> })
}

function placeText({ redirect: { host, kind } }: ConsentRequest, t: Translate) {
  const strong = <strong className="font-semibold">{host}</strong>
  if (kind === 'this computer') return t.rich('A program on this computer ({host})', { host: strong })
  if (kind === 'app') return t.rich('The app on this device that opens {host} links', { host: strong })
  return strong
}
