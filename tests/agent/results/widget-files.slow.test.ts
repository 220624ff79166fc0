import { expect, onTestFinished, test } from 'vitest'
import { isFilesCard } from '#lib/agent/cards/files-card.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { ServerConfig } from '#lib/data/servers/server-config.ts'
import { addServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import { agentDoor, nodes, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer } from '#tests/support/tool-servers/mcp-server.ts'

test('a call from a widget shows the files of its result, too', async () => {
  const ann = await signedIn({ role: 'admin' })
  const action = { type: 'tool.call', payload: { server: 'camera', tool: 'shoot', arguments: {} } }
  const widget = { type: 'Card', key: 'c', children: [{ type: 'Button', label: 'Shoot', onClickAction: action }] }
  const file = { type: 'resource', resource: { uri: 'camera://log.txt', text: 'click' } }
  await using server = await mcpServer([
    {
      name: 'open_camera',
      run: () => ({ content: [{ type: 'text', text: 'open' }], _meta: { 'switchboard/widget': widget } }),
    },
    { name: 'shoot', run: () => ({ content: [file] }) },
  ])
  withSettings({ MCP_ALLOW_PRIVATE: 'on', MCP_BUILTIN: 'off' })
  const config = ServerConfig.parse({ pinned: false, trusted: true })
  const about = { name: 'camera', url: server.url, audience: 'everyone', config, secrets: { headers: {} } } as const
  const stored = await addServer(ann.caller, about)
  await setServerEnabled(ann.caller, stored.id, true)
  onTestFinished(() => setServerEnabled(ann.caller, stored.id, false))
  const turn = await agentDoor(ann).begin('/open_camera')
  const [card] = widgets(turn.events)
  const { events } = await agentDoor(ann).press(threadOf(turn), card as WidgetItem, 'Shoot')
  const shown = widgets(events).filter(isFilesCard)
  expect(shown.flatMap((item) => nodes(item.widget)).flatMap(({ file }) => file ?? [])).toMatchObject([
    { name: 'log.txt', mime_type: 'text/plain', size: 5, origin: 'camera' },
  ])
})
