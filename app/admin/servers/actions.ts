'use server'

import type { Examined } from '#app/admin/examination-button.tsx'
import { serverAction } from '#app/server-action.ts'
import { addServer, changeServer, removeServer, requireServer, setServerEnabled } from '#lib/data/servers/servers.ts'
import {
  acceptDefinition,
  acceptOfferedDefinitions,
  listToolPins,
  type NotAccepted,
  notePins,
  withdrawAcceptance,
} from '#lib/data/servers/tool-pins.ts'
import { listToolRefusals } from '#lib/data/servers/tool-refusals.ts'
import { isPinned } from '#lib/mcp-client/connection/load-tools.ts'
import type { Step } from '#lib/mcp-client/doctor/examination.ts'
import { examine } from '#lib/mcp-client/doctor/examine.ts'
import { type McpServer, toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { forgetServer } from '#lib/mcp-client/tools/tool-lists.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { parseServerForm } from './parse-server-form.ts'
import { requireAdminServer } from './require-admin-server.ts'

const GATE = { who: 'admin', failure: 'a change of an MCP server failed', refresh: '/admin/servers' } as const

/**
 * Adds the form's server, or changes the one that the form's `server` names, and redirects to its
 * page.
 */
export const saveServer = serverAction(
  { ...GATE, leadTo: (id: string) => `/admin/servers/${id}` },
  async (admin, form: FormData) => {
    const before = idOf(form) ? await requireServer(idOf(form)) : undefined
    const wish = parseServerForm(form, before)
    const { id } = before ? await changeServer(admin, before.id, wish) : await addServer(admin, wish)
    if (before) forgetServer(before)
    return id
  },
)

/**
 * Enables the server for assistants. The first time, accepts its current tool definitions, if it
 * can be asked for them. Says which could not be accepted: those stay quarantined.
 */
export const enableServer = serverAction(GATE, async (admin, form: FormData) => {
  const id = idOf(form)
  const server = toMcpServer(await requireServer(id))
  const failed = isPinned(server) ? await acceptFirst(admin, server, await toolsNow(admin, server)) : []
  await setServerEnabled(admin, id, true)
  return failed.length > 0 ? { error: toSentence(failed) } : undefined
})

/** Disables the server for assistants. */
export const disableServer = serverAction(GATE, (admin, form: FormData) => setServerEnabled(admin, idOf(form), false))

/** Removes the server for good. */
export const deleteServer = serverAction({ ...GATE, leadTo: () => '/admin/servers' }, (admin, form: FormData) =>
  removeServer(admin, idOf(form)),
)

/** Examines the server as the calling admin, and records the tools that it offers. */
export const examineServer = serverAction(GATE, async (admin, id: string): Promise<Examined> => {
  const server = await requireAdminServer(id)
  const { steps, healthy, spoken } = await examine(server, { who: admin })
  if (spoken && isPinned(server)) await notePins(server.id, spoken.tools, false)
  forgetServer(server)
  return { steps: [...steps, ...(await refusedSteps(server.name))], verdict: healthy ? 'ok' : 'failed' }
})

/** The server's tools that the model's server refused, as a step of the examination. */
async function refusedSteps(server: string): Promise<Step[]> {
  const refusals = await listToolRefusals({ server })
  if (refusals.length === 0) return []
  const said = `Left out: ${refusals.map(({ tool, reason }) => `${tool}: ${reason}`).join(' ')}`.slice(0, 1_000)
  const fix =
    'The server of the model does not accept the definition of these tools. They are tried again after a day, or as soon as they change.'
  return [{ name: 'Refused by the model', outcome: 'warning', ms: 0, said, fault: 'unfit_tools', fix }]
}

/** Accepts a tool's definition as the page showed it: the form's `hash`. */
export const acceptTool = serverAction(GATE, (admin, form: FormData) =>
  acceptDefinition(admin, idOf(form), String(form.get('tool') ?? ''), String(form.get('hash') ?? '')),
)

/** Quarantines a tool. */
export const quarantineTool = serverAction(GATE, (admin, form: FormData) =>
  withdrawAcceptance(admin, idOf(form), String(form.get('tool') ?? '')),
)

async function toolsNow(admin: Caller, server: McpServer) {
  const { spoken } = await examine(server, { who: admin })
  return spoken?.tools ?? []
}

/**
 * Accepts all current definitions, but only if none was accepted before: a tool that an admin has
 * left quarantined stays so.
 */
async function acceptFirst(
  admin: Caller,
  server: McpServer & { id: string },
  tools: Parameters<typeof notePins>[1],
): Promise<NotAccepted[]> {
  const isFirst = (await listToolPins(server.id)).every(({ acceptedAt }) => acceptedAt === null)
  await notePins(server.id, tools, false)
  return isFirst ? acceptOfferedDefinitions(admin, server.id) : []
}

const NAMED_MAX = 5

function toSentence(failed: NotAccepted[]): string {
  const named = failed.slice(0, NAMED_MAX).map(({ tool, why }) => `${tool} (${why})`)
  const more = failed.length > NAMED_MAX ? ` and ${failed.length - NAMED_MAX} more` : ''
  return `The server is enabled, but not every tool was accepted: ${named.join(', ')}${more}. Accept them below.`
}

const idOf = (form: FormData) => String(form.get('server') ?? '')
