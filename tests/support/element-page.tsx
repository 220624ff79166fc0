import { ChatKit, type UseChatKitOptions, useChatKit } from '@openai/chatkit-react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

// A page as people write it: the unchanged React bindings, in StrictMode. Options beyond the defaults come in the address.
type Seen = { name: string; detail?: unknown }
const seen: Seen[] = []
const note = (name: string) => (detail?: unknown) => void seen.push({ name, detail })
const chosen: Partial<UseChatKitOptions> = JSON.parse(decodeURIComponent(location.hash.slice(1) || '{}'))

function Page() {
  const chat = useChatKit({
    header: { rightAction: { icon: 'settings-cog', onClick: note('header.right') } },
    threadItemActions: { feedback: true, retry: true },
    onClientTool: async ({ name, params }) => {
      if (name === 'broken') throw new Error('The tool broke.')
      return { name, doubled: Number(params.number) * 2 }
    },
    onReady: note('ready'),
    onError: ({ error }) => note('error')(error.message),
    onEffect: note('effect'),
    onDeeplink: note('deeplink'),
    onResponseStart: note('response.start'),
    onResponseEnd: note('response.end'),
    onThreadChange: note('thread.change'),
    onThreadLoadStart: note('thread.load.start'),
    onThreadLoadEnd: note('thread.load.end'),
    onHistoryOpen: note('history.open'),
    onHistoryClose: note('history.close'),
    onToolChange: note('tool.change'),
    ...chosen,
    api: {
      url: '/chatkit',
      domainKey: 'ignored',
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, 'x-page': 'yes' } }),
      ...chosen.api,
    },
  })
  Object.assign(window, { chat, seen })
  return <ChatKit control={chat.control} />
}

const root = document.getElementById('app')
if (root)
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  )
