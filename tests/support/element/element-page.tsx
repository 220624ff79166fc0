import { ChatKit, type Command, type Entity, type UseChatKitOptions, useChatKit } from '@openai/chatkit-react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

// A page as people write it: the unchanged React bindings, in StrictMode. Options beyond the
// defaults come in the URL.
type Seen = { name: string; detail?: unknown }
const seen: Seen[] = []
const note = (name: string) => (detail?: unknown) => void seen.push({ name, detail })
type More = {
  drafts?: { key: string; owner: string }
  calls?: string
  files?: string
  versions?: string
  waiting?: string
  pins?: string
}
const { drafts, calls, files, versions, waiting, pins, ...chosen }: Partial<UseChatKitOptions> & More = JSON.parse(
  decodeURIComponent(location.hash.slice(1) || '{}'),
)

const ENTITIES: Entity[] = [
  { id: 'ann', title: 'Ann Lee', group: 'People', icon: 'user', interactive: true, data: { team: 'blue' } },
  { id: 'anna', title: 'Ann Leek', group: 'People', icon: 'user' },
  { id: 'plan', title: 'Q2 Plan', group: 'Documents', icon: 'document' },
]
const COMMANDS: Command[] = [
  { id: 'assign', label: 'Assign', description: 'Choose somebody', icon: 'user' },
  { id: 'archive', label: 'Archive', description: 'Put it away', icon: 'suitcase' },
]

/** Functions cannot be passed in a URL. These stand in for them if the options ask. */
const callbacks: Partial<UseChatKitOptions> = {
  entities: {
    onTagSearch: async (query) =>
      ENTITIES.filter(({ title }) => title.toLowerCase().startsWith(query.trim().toLowerCase())),
    onClick: note('entity.click'),
    onRequestPreview: async (entity) => ({
      preview: {
        type: 'Basic',
        children: [
          { type: 'Title', value: entity.title },
          { type: 'Text', value: 'Team blue' },
        ],
      },
    }),
    showComposerMenu: true,
  },
  commands: {
    enabled: true,
    onSearch: async (query) => COMMANDS.filter(({ label }) => label.toLowerCase().startsWith(query.toLowerCase())),
    onSelect: async ({ id }) => {
      note('command')(id)
      if (id === 'assign') return { type: 'menu', commands: [{ id: 'to-ann', label: 'To Ann' }] }
      return id === 'to-ann' ? { type: 'entity', entity: ENTITIES[0] as Entity } : undefined
    },
  },
}

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
    ...(chosen.entities && { entities: callbacks.entities }),
    ...(chosen.commands && { commands: callbacks.commands }),
    api: {
      url: '/chatkit',
      domainKey: 'ignored',
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, 'x-page': 'yes' } }),
      ...chosen.api,
    },
  })
  Object.assign(window, { chat, seen })
  return (
    <ChatKit
      control={chat.control}
      data-calls-url={calls}
      data-files-url={files}
      data-versions={versions}
      data-waiting={waiting}
      data-pins={pins}
      data-drafts-key={drafts?.key}
      data-drafts-owner={drafts?.owner}
    />
  )
}

const root = document.getElementById('app')
if (root)
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  )
