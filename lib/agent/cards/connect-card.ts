import type { ThreadItem, WidgetRoot } from '#lib/chatkit/protocol/items.ts'
import { action } from '#lib/chatkit/server/widgets/actions.ts'
import { Button, Caption, Card, Markdown, Row, Title } from '#lib/chatkit/server/widgets/components.ts'
import { toAccountsUrl } from '#lib/mcp-client/accounts/accounts.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/**
 * The action of Connect: the only one that the browser handles, because it has to go to the
 * server's sign-in.
 */
const CONNECT = 'connect.open'
/** The action of Try again: answers the message again, after the account was connected. */
export const CONNECTED_RETRY = 'connect.retry'

const KEY = 'connect:'

/** Why a person has to connect an account, or connect it again. */
const WHY = {
  missing: 'You have not connected it yet.',
  broken: 'It no longer accepts the one that you connected before.',
  narrow: 'It wants more permissions for this than you gave it when you connected.',
}

/** A server whose tools need the person's own account, and the tool that was called. */
export type Need = { server: McpServer; tool?: string; why: keyof typeof WHY }

/** The id of the server that a Connect card is about; undefined for any other item. */
export function findConnectCardServer(item: ThreadItem): string | undefined {
  return item.type === 'widget' && item.widget.key?.startsWith(KEY) ? item.widget.key.slice(KEY.length) : undefined
}

/** The card that asks a person to connect their own account at a server. */
export function makeConnectCard({ server, tool, why }: Need): WidgetRoot {
  const { id = '', name, url, config } = server
  const way = config?.identity.kind === 'key' ? 'key' : 'oauth'
  const wish = tool ? `The tool ${toVisibleText(tool)}` : 'What it offers'
  return Card({
    key: `${KEY}${id}`,
    children: [
      Title({ value: `Connect ${toVisibleText(name)}`, size: 'sm' }),
      Caption({
        value: `${wish} works with your own account at ${new URL(url).host}. ${WHY[why]}`,
      }),
      Row({
        wrap: 'wrap',
        gap: 2,
        children: [
          Button({
            label: why === 'missing' ? 'Connect' : 'Connect again',
            style: 'primary',
            onClickAction: action(CONNECT, { server: id, way }, { handler: 'client' }),
          }),
        ],
      }),
      Markdown({ value: `Or go to your [connected accounts](${toAccountsUrl()}) and come back.` }),
    ],
  })
}

/** The same card after the account was connected. */
export function toConnectedCard(card: WidgetRoot): WidgetRoot {
  const asked = ((card.children ?? []) as WidgetRoot[]).find(({ type }) => type === 'Title')
  return Card({
    key: card.key,
    children: [
      Title({ value: String(asked?.value ?? '').replace(/^Connect /, ''), size: 'sm' }),
      Caption({ value: 'Connected. What you asked can be answered now.' }),
      Row({ children: [Button({ label: 'Try again', style: 'primary', onClickAction: action(CONNECTED_RETRY) })] }),
    ],
  })
}
