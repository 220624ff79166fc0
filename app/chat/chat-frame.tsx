'use client'

import type { ChatKitOptions } from '@openai/chatkit'
import { ChatKit, useChatKit } from '@openai/chatkit-react'
import { usePathname } from 'next/navigation'
import { useEffect, useEffectEvent, useState } from 'react'
import { openChat } from '#app/conversations/open-chat.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { useColorScheme } from '#app/ui/layout/use-color-scheme.ts'
import { Notice } from '#app/ui/notice.tsx'
import { withAssistants } from './assistants/assistant-entities.ts'
import { AssistantPicker } from './assistants/assistant-picker.tsx'
import type { ChatAssistant } from './assistants/chat-assistant.ts'
import { chooseInRequest } from './assistants/choose-in-request.ts'
import { toStartScreen } from './assistants/to-start-screen.ts'
import { useChosenAssistant } from './assistants/use-chosen-assistant.ts'
import { type AttachmentLimits, toAttachmentOption } from './chat-attachments.ts'
import { makeChatTheme } from './chat-theme.ts'
import { DRAFTS_KEY } from './drafts.ts'
import type { ModelMenu } from './models/read-model-menu.ts'
import { useModelMenu } from './models/use-model-menu.ts'
import { withOffers } from './offers/offer-commands.ts'
import { OfferDialog, type OpenedOffer } from './offers/offer-dialog.tsx'
import { makeResourceEntities } from './offers/resource-entities.ts'
import { openConnection } from './open-connection.ts'
import { ServersPanel } from './servers/servers-panel.tsx'
import { useServersPanel } from './servers/use-servers-panel.ts'
import { ShareDialog } from './share/share-dialog.tsx'
import { useShareDialog } from './share/use-share-dialog.ts'
import { TemporaryBar, TemporaryChoice } from './temporary/temporary-bar.tsx'
import { useTemporary } from './temporary/use-temporary.ts'
import { makeToolCommands } from './tool-commands.ts'
import { keepUnsent, takeUnsent } from './unsent-text.ts'
import { useResumableFetch } from './use-resumable-fetch.ts'
import { useThreadAddress } from './use-thread-address.ts'
import { watchForLateName } from './watch-for-late-name.ts'

type ChatFrameProps = {
  personId: string
  /** Whether speech can be turned into text. */
  dictation: boolean
  firstName: string
  builtinTools: boolean
  isDemo: boolean
  domainKey: string
  /** Null if the server accepts no files. */
  attachments: AttachmentLimits | null
  models: ModelMenu
  /** Those that the person may use, the default first. */
  assistants: readonly [ChatAssistant, ...ChatAssistant[]]
  /** The slug of the assistant that the address names. */
  assistant?: string
}

/** The conversation: the unmodified ChatKit bindings on the element that the page has loaded. */
export function ChatFrame({
  personId,
  dictation,
  firstName,
  builtinTools,
  isDemo,
  domainKey,
  ...shown
}: ChatFrameProps) {
  const t = useTranslate()
  const { attachments, models, assistants, assistant } = shown
  const scheme = useColorScheme()
  const path = usePathname()
  const [signedOut, setSignedOut] = useState(false)
  const { initial, follow, noteAnswer } = useThreadAddress((threadId) => void chat.setThreadId(threadId))

  const menu = useModelMenu(models, initial, (selectedModelId) => void chat.setComposerValue({ selectedModelId }))
  const panel = useServersPanel(initial, personId)
  const sharing = useShareDialog(initial)
  const temporary = useTemporary(initial)
  const answering = useChosenAssistant(assistants, assistant, initial === null)
  const resumable = useResumableFetch(
    async (input, given) => {
      const init = temporary.withTemporary(chooseInRequest(given, answering.sent.current))
      menu.noteSent(init?.body)
      const headers = new Headers(init?.headers)
      headers.set('x-time-zone', Intl.DateTimeFormat().resolvedOptions().timeZone)
      const response = await fetch(input, { ...panel.withSwitches(init), headers })
      setSignedOut(response.status === 401)
      if (response.status === 401) keepUnsent(personId, init)
      return response
    },
    () => void chat.fetchUpdates(),
  )

  const [opened, setOpened] = useState<OpenedOffer | null>(null)
  const [commands] = useState(() =>
    withOffers(
      makeToolCommands((text) => void chat.setComposerValue({ text }).then(() => chat.focusComposer())),
      {
        prompt: (prompt) => setOpened({ prompt }),
        template: (template) => new Promise((onDone) => setOpened({ template, onDone })),
      },
    ),
  )
  const [entities] = useState(() =>
    withAssistants(makeResourceEntities({ connects: domainKey === 'self-hosted' }), assistants),
  )
  const [late] = useState(() => watchForLateName(() => void chat.fetchUpdates()))
  const chat = useChatKit({
    api: { url: '/api/chatkit', domainKey, fetch: resumable.fetch, uploadStrategy: { type: 'two_phase' } },
    initialThread: initial,
    // Our element knows every locale, as does OpenAI's for the languages that it has.
    locale: toElementLocale(t.locale) as ChatKitOptions['locale'],
    theme: makeChatTheme(scheme),
    frameTitle: t('Chat'),
    header: { enabled: true, rightAction: { icon: 'sidebar-right', onClick: panel.toggle } },
    // The sidebar has them (docs/decisions/conversation-list.md).
    history: { enabled: false },
    startScreen: toStartScreen(
      answering.chosen,
      { firstName, builtinTools, isDemo, isDefault: answering.isDefault },
      t,
    ),
    composer: {
      placeholder: t('Say what should be done'),
      attachments: toAttachmentOption(attachments),
      dictation: { enabled: dictation },
      ...(menu.options.length > 0 && { models: menu.options }),
    },
    commands,
    entities,
    widgets: { onAction: openConnection },
    threadItemActions: { feedback: true, retry: true },
    onReady: () => {
      const text = takeUnsent(personId)
      if (text) void chat.setComposerValue({ text })
      if (mayTakeFocus()) void chat.focusComposer()
    },
    onThreadChange: ({ threadId }) => {
      resumable.noteThread(threadId)
      openChat.noteThread(threadId)
      menu.noteThread(threadId)
      late.onThreadChange(threadId)
      panel.noteThread(threadId)
      sharing.noteThread(threadId)
      temporary.noteThread(threadId)
      answering.noteThread(threadId)
      follow(threadId)
    },
    onResponseStart: () => {
      openChat.noteAnswer(true)
      noteAnswer()
      late.onResponseStart()
    },
    onResponseEnd: () => {
      openChat.noteAnswer(false)
      late.onResponseEnd()
    },
    onError: late.onError,
  })

  const handle = useEffectEvent(() => ({
    focus: () => void chat.focusComposer(),
    // Refused while an answer is being written, which brings the name itself.
    reread: () => void chat.fetchUpdates().catch(() => undefined),
    toggleServers: panel.toggle,
  }))
  useEffect(() => {
    const leave = openChat.register({
      focus: () => handle().focus(),
      reread: () => handle().reread(),
      toggleServers: () => handle().toggleServers(),
    })
    openChat.noteThread(initial)
    return leave
  }, [initial])

  return (
    <div className="flex h-full flex-col">
      {signedOut && (
        <div className="p-3">
          <Notice
            tone="warn"
            title={t('You are signed out')}
            announce
            action={
              <LinkButton href={`/sign-in?callbackUrl=${encodeURIComponent(path)}`} size="sm">
                {t('Sign in')}
              </LinkButton>
            }
          >
            {t('Your session has ended. Nothing that you wrote is lost: it waits in the message field.')}
          </Notice>
        </div>
      )}
      {answering.isNew && (
        <AssistantPicker assistants={assistants} chosen={answering.chosen.slug} onChoose={answering.choose} />
      )}
      {answering.isNew && <TemporaryChoice isChosen={temporary.isChosen} onChoose={temporary.choose} />}
      {temporary.threadId !== null && <TemporaryBar onEnd={() => void chat.setThreadId(null)} />}
      <div ref={sharing.listen} className="flex min-h-0 flex-1">
        <ChatKit
          control={chat.control}
          className="block min-h-0 min-w-0 flex-1"
          data-calls-url="/api/tool-calls"
          data-files-url="/api/attachments"
          data-right-action-label={t('Servers and tools')}
          data-share-label={t('Share and export')}
          data-versions="on"
          data-waiting="on"
          data-pins="on"
          data-drafts-key={DRAFTS_KEY}
          data-drafts-owner={personId}
        />
        {panel.isOpen && <ServersPanel {...panel.content} assistant={answering.chosen.slug} />}
      </div>
      {sharing.threadId && <ShareDialog threadId={sharing.threadId} onClose={sharing.close} />}
      {opened && (
        <OfferDialog
          opened={opened}
          onClose={() => setOpened(null)}
          onSend={(content) => chat.sendUserMessage({ content })}
          onChosen={() => void chat.focusComposer()}
        />
      )}
    </div>
  )
}

/** The page's language; the browser's own variant of it if it has one, such as en-US. */
function toElementLocale(locale: string): string {
  const { language } = new Intl.Locale(locale)
  const own = globalThis.navigator?.languages?.find((each) => each.split('-')[0] === language)
  return own ?? locale
}

/**
 * False on a phone, where the keyboard would cover the page, and while the focus is in another
 * field or a dialog.
 */
function mayTakeFocus(): boolean {
  const { activeElement } = document
  return (
    matchMedia('(pointer: fine)').matches &&
    !activeElement?.closest('input, textarea, select, [role="dialog"], [role="menu"]')
  )
}
