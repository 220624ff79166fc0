'use client'

import { useCallback, useEffect, useState } from 'react'
import { preload } from 'react-dom'

const WAIT_MS = 20_000

type State = 'loading' | 'ready' | 'failed'

/**
 * Loads the script that defines `<openai-chatkit>`, once per page. The state is `failed` if the
 * script does not load or define the element within 20 s; if it arrives later, the state still
 * becomes `ready`. `retry` loads it again.
 */
export function useElementScript(src: string, nonce?: string): { state: State; retry: () => void } {
  // Starts the download together with the page's own scripts.
  preload(src, { as: 'script', nonce })
  const [state, setState] = useState<State>('loading')
  const [attempt, setAttempt] = useState(0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt loads the script anew
  useEffect(() => {
    const gone = new AbortController()
    const settle = (next: State) => {
      if (!gone.signal.aborted) setState(next)
    }
    const defined = customElements.whenDefined('openai-chatkit')
    void defined.then(() => settle('ready'))
    if (!customElements.get('openai-chatkit')) {
      const script = document.createElement('script')
      script.src = src
      script.async = true
      if (nonce) script.nonce = nonce
      script.onerror = () => settle('failed')
      document.head.append(script)
      const late = setTimeout(() => settle('failed'), WAIT_MS)
      void defined.then(() => clearTimeout(late))
      gone.signal.addEventListener('abort', () => {
        clearTimeout(late)
        script.remove()
      })
    }
    return () => gone.abort()
  }, [src, nonce, attempt])

  const retry = useCallback(() => {
    setState('loading')
    setAttempt((before) => before + 1)
  }, [])
  return { state, retry }
}
