import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { restoreVersion } from '#app/admin/assistants/actions.ts'
import { compareVersions } from '#app/admin/assistants/compare-versions.ts'
import { findVersionOwner, requireAdminAssistant } from '#app/admin/assistants/require-admin-assistant.ts'
import { Card } from '#app/ui/card.tsx'
import { Difference } from '#app/ui/difference.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { findVersion } from '#lib/data/assistants/assistant-versions.ts'

export const metadata: Metadata = { title: 'Version of an assistant' }

/** One version: who saved it, how it differs from the one before and from the current one. */
export default async function VersionPage({ params }: { params: Promise<{ slug: string; number: string }> }) {
  await requirePageAdmin()
  const { slug, number: given } = await params
  const assistant = await requireAdminAssistant(slug)
  const owner = findVersionOwner(assistant)
  const number = /^\d{1,9}$/.test(given) ? Number(given) : 0
  const [version, before] = owner
    ? await Promise.all([findVersion(owner, number), number > 1 ? findVersion(owner, number - 1) : null])
    : []
  if (!version) notFound()
  const { config, savedBy, savedAt, restoredFrom } = version
  const isCurrent = assistant.version?.number === number
  return (
    <>
      <PageHeader
        back={{ href: `/admin/assistants/${slug}`, label: assistant.config.name }}
        title={`Version ${number}`}
        actions={
          config &&
          !isCurrent &&
          assistant.origin === 'page' && (
            <ConfirmButton
              label="Restore"
              title={`Restore version ${number}?`}
              confirmLabel="Restore"
              confirmTone="primary"
              tone="secondary"
              fields={{ slug, number: String(number) }}
              action={restoreVersion}
            >
              <p>It becomes a new version. The versions in between are kept.</p>
            </ConfirmButton>
          )
        }
      />
      <div className="grid grid-cols-1 gap-5">
        <Card>
          <Facts
            facts={[
              ['Saved', <RelativeTime key="s" at={savedAt.toISOString()} exact />],
              ['By', savedBy ?? 'The file, or an account that is gone'],
              ['Restored from', restoredFrom && `Version ${restoredFrom}`],
              ['Current', isCurrent ? 'This version' : `Version ${assistant.version?.number ?? '–'}`],
            ]}
          />
        </Card>
        {config ? (
          <>
            <Card title={number > 1 ? `What changed since version ${number - 1}` : 'What it says'}>
              <Difference lines={compareVersions(before?.config ?? null, config)} />
            </Card>
            {!isCurrent && (
              <Card title="What restoring it would change now">
                <Difference lines={compareVersions(assistant.config, config)} />
              </Card>
            )}
          </>
        ) : (
          <Notice tone="warn">An older release wrote this version in a form that cannot be read any more.</Notice>
        )}
      </div>
    </>
  )
}
