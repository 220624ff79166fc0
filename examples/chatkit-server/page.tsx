import { ChatKit, useChatKit } from '@openai/chatkit-react'
import { createRoot } from 'react-dom/client'

/** A page as anybody writes it for ChatKit; only the script that index.html loads is another one. */
function Page() {
  const { control } = useChatKit({
    api: { url: '/chatkit', domainKey: 'self-hosted' },
    startScreen: { greeting: 'Ask for the weather, or for your time zone.' },
    onClientTool: async ({ name }) => {
      if (name !== 'get_time_zone') throw new Error(`This page has no tool ${name}.`)
      return { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }
    },
  })
  return <ChatKit control={control} style={{ height: '100%' }} />
}

const root = document.getElementById('app')
if (root) createRoot(root).render(<Page />)
