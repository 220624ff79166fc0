'use client'

import { RotateCw } from 'lucide-react'
import { Button } from '#app/ui/button.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { ChatFrame, type ChatFrameProps } from './chat-frame.tsx'
import { useElementScript } from './use-element-script.ts'

/** Shows the chat once its script has loaded, or a message with Retry if loading failed. */
export function ChatPanel({ script, nonce, ...chat }: ChatFrameProps & { script: string; nonce?: string }) {
  const { state, retry } = useElementScript(script, nonce)
  return (
    <div className="min-h-0 flex-1">
      {state === 'ready' && <ChatFrame {...chat} />}
      {state === 'loading' && (
        <div className="mx-auto grid h-full max-w-xl content-center px-6">
          <Skeleton lines={4} label="Loading the chat" />
        </div>
      )}
      {state === 'failed' && (
        <div role="alert" className="grid h-full place-content-center">
          <EmptyState
            title="The chat could not be loaded"
            action={
              <Button tone="primary" onClick={retry}>
                <RotateCw aria-hidden className="size-4" />
                Try again
              </Button>
            }
          >
            Its script at <code className="font-mono break-all">{script}</code> did not arrive. Check your connection;
            if it stays, tell your administrator.
          </EmptyState>
        </div>
      )}
      <noscript>
        <p className="p-6">The chat needs JavaScript.</p>
      </noscript>
    </div>
  )
}
