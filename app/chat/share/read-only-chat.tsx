'use client'

import { ChatKit, useChatKit } from '@openai/chatkit-react'
import { useState } from 'react'
import { ChatScript } from '#app/chat/chat-script.tsx'
import { makeChatTheme } from '#app/chat/chat-theme.ts'
import { useColorScheme } from '#app/ui/layout/use-color-scheme.ts'

type Props = {
  /** An address that answers the reading operations. */
  url: string
  threadId: string
  frameTitle: string
  /** Called when the conversation is not there any more. */
  onGone?: () => void
  'data-calls-url'?: string
  'data-whole'?: string
}

/** The chat's own element on a conversation that is only read. */
export function ReadOnlyChat({ nonce, ...chat }: Props & { nonce?: string }) {
  return (
    <>
      {/* Without its header, the element's headings begin at the third level. */}
      <h2 className="sr-only">Messages</h2>
      <ChatScript script="/chatkit.js" nonce={nonce}>
        <Chat {...chat} />
      </ChatScript>
    </>
  )
}

function Chat({ url, threadId, frameTitle, onGone, ...data }: Props) {
  const scheme = useColorScheme()
  const [read] = useState(() => async (...request: Parameters<typeof fetch>) => {
    const response = await fetch(...request)
    if (response.status === 404) onGone?.()
    return response
  })
  const chat = useChatKit({
    api: { url, domainKey: 'self-hosted', fetch: read },
    initialThread: threadId,
    theme: makeChatTheme(scheme),
    frameTitle,
    header: { enabled: false },
    history: { enabled: false },
    threadItemActions: { feedback: false, retry: false },
  })
  return <ChatKit control={chat.control} className="block h-full" {...data} />
}
