import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { listChatAssistants } from '#app/chat/assistants/list-chat-assistants.ts'
import { ChatFrame } from '#app/chat/chat-frame.tsx'
import { ChatScript } from '#app/chat/chat-script.tsx'
import { DemoNotice } from '#app/chat/demo-notice.tsx'
import { readModelMenu } from '#app/chat/models/read-model-menu.ts'
import { readTranslate } from '#app/language/page-language.ts'
import { Notice } from '#app/ui/notice.tsx'
import { modelsFor } from '#lib/agent/models/catalog/models-for.ts'
import { canTranscribe } from '#lib/agent/models/transcribe.ts'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { findConversationTitle } from '#lib/data/chat/conversations.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { CHATKIT_ORIGIN } from '#lib/platform/http/security-headers.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

type Props = {
  params: Promise<{ thread?: string[] }>
  searchParams: Promise<{ assistant?: string | string[] }>
}

/** The tab is named after the conversation. The client part follows its later names. */
export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const caller = await requirePageCaller()
  const id = (await params).thread?.[0]
  const title = id === undefined ? null : await findConversationTitle(caller, toStorableText(id))
  return { title: title ?? (await readTranslate())('Chat') }
}

const OWN_SCRIPT = '/chatkit.js'
const HOSTED_SCRIPT = `${CHATKIT_ORIGIN}/deployments/chatkit/chatkit.js`

/** The chat. The address names the open conversation; the client part reads and updates it. */
export default async function ChatPage({ searchParams }: Pick<Props, 'searchParams'>) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const member = { id: caller.userId, role: caller.role }
  const asked = [(await searchParams).assistant].flat()[0]
  const [person, offered, dictation, assistants] = await Promise.all([
    findPerson(caller.userId),
    modelsFor(member),
    canTranscribe(member),
    listChatAssistants(member),
  ])
  const assistant = assistants.find(({ slug }) => slug === asked)?.slug
  const { CHATKIT_DOMAIN_KEY, MCP_BUILTIN, ATTACHMENTS, ATTACHMENT_MAX_MB, ATTACHMENTS_PER_MESSAGE } = env()
  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">{t('Chat')}</h1>
      {offered[0]?.origin === 'demo' && <DemoNotice admin={caller.role === 'admin'} />}
      {asked !== undefined && assistant === undefined && (
        <div className="p-3">
          <Notice tone="warn">{t('This assistant is not available to you. Choose another one.')}</Notice>
        </div>
      )}
      <ChatScript
        script={CHATKIT_DOMAIN_KEY ? HOSTED_SCRIPT : OWN_SCRIPT}
        nonce={(await headers()).get('x-nonce') ?? undefined}
      >
        <ChatFrame
          // Another assistant's link begins anew.
          key={assistant}
          assistants={assistants}
          assistant={assistant}
          personId={caller.userId}
          dictation={dictation}
          firstName={person?.name.trim().split(/\s+/)[0] ?? ''}
          models={await readModelMenu(caller, offered)}
          isDemo={offered[0]?.origin === 'demo'}
          builtinTools={MCP_BUILTIN === 'on'}
          // Our own element does not check the key.
          domainKey={CHATKIT_DOMAIN_KEY ?? 'self-hosted'}
          attachments={
            ATTACHMENTS === 'on'
              ? { maxBytes: ATTACHMENT_MAX_MB * 1024 * 1024, maxCount: ATTACHMENTS_PER_MESSAGE }
              : null
          }
        />
      </ChatScript>
    </div>
  )
}
