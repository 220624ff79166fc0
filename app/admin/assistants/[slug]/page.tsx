import type { Metadata } from 'next'
import { deleteAssistant } from '#app/admin/assistants/actions.ts'
import { InstructionsPreview } from '#app/admin/assistants/instructions-preview.tsx'
import { findVersionOwner, requireAdminAssistant } from '#app/admin/assistants/require-admin-assistant.ts'
import { toHandoverText, toToolText } from '#app/admin/assistants/to-assistant-text.ts'
import { VersionList } from '#app/admin/assistants/version-list.tsx'
import { toAudienceText } from '#app/admin/audience/to-audience-text.ts'
import { AssistantMark } from '#app/ui/assistant-mark.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { listAssistants } from '#lib/agent/assistants/list-assistants.ts'
import { listOfferedModels } from '#lib/agent/models/catalog/models-for.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { DEFAULT_SLUG } from '#lib/data/assistants/assistant-config.ts'
import { listVersions } from '#lib/data/assistants/assistant-versions.ts'
import { env } from '#lib/platform/env.ts'

export const metadata: Metadata = { title: 'Assistant' }

/** One assistant: what it may do and for whom, its instructions, and its versions. */
export default async function AssistantPage({ params }: { params: Promise<{ slug: string }> }) {
  await requirePageAdmin()
  const assistant = await requireAdminAssistant((await params).slug)
  const { slug, config, origin, version } = assistant
  const owner = findVersionOwner(assistant)
  const [all, models, versions] = await Promise.all([
    listAssistants(),
    listOfferedModels(),
    owner ? listVersions(owner) : [],
  ])
  const isDefault = slug === DEFAULT_SLUG
  const model = models.find(({ id }) => id === config.model)
  return (
    <>
      <PageHeader
        back={{ href: '/admin/assistants', label: 'Assistants' }}
        title={
          <span className="flex flex-wrap items-center gap-3">
            <AssistantMark {...config} />
            {config.name}
          </span>
        }
        hint={config.description}
        actions={origin !== 'file' && <LinkButton href={`/admin/assistants/${slug}/edit`}>Change</LinkButton>}
      />
      <div className="grid grid-cols-1 gap-5">
        {origin === 'file' && <Notice>It is in ASSISTANTS_FILE and can only be changed there.</Notice>}
        {config.model && !model && (
          <Notice tone="warn">Its model “{config.model}” is not offered now, so nobody can use this assistant.</Notice>
        )}
        <Card>
          <Facts
            facts={[
              ['For', toAudienceText(config.audience)],
              ['Tools', toToolText(config.tools)],
              ['Hands over to', toHandoverText(config.handovers, all)],
              ['Model', config.model ? (model?.name ?? config.model) : 'The one that the person chose'],
              ['Temperature', config.temperature?.toString()],
              ['Reasoning', config.reasoning],
              ['Greeting', config.start.greeting],
              ['Prompts', config.start.prompts.map(({ label }) => label).join(', ')],
            ]}
          />
        </Card>
        {!isDefault && (
          <Card title="Link" hint="Opens a new conversation with this assistant.">
            <CodeBlock label="link" text={`${env().APP_URL}/chat?assistant=${slug}`} />
          </Card>
        )}
        <Card title="Instructions" hint="As a person would get them now, with the rules that always hold.">
          <InstructionsPreview slug={slug} />
        </Card>
        {version && <VersionList slug={slug} versions={versions} current={version.number} />}
        {origin === 'page' && (
          <Card
            title={isDefault ? 'Reset' : 'Remove'}
            hint={
              isDefault
                ? 'It is again as it is built in. Its versions stay.'
                : 'Nobody can choose it any more. Conversations that it answered go on with the default assistant.'
            }
          >
            <ConfirmButton
              label={isDefault ? 'Reset the assistant' : 'Remove the assistant'}
              title={isDefault ? `Reset ${config.name}?` : `Remove ${config.name}?`}
              confirmLabel={isDefault ? 'Reset' : 'Remove'}
              fields={{ slug }}
              action={deleteAssistant}
            >
              <p>Its versions are kept, because runs and calls name them.</p>
            </ConfirmButton>
          </Card>
        )}
      </div>
    </>
  )
}
