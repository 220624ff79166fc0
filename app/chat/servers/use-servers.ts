'use client'

import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { followChanges } from '#app/forms/follow-changes.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { type Off, readServers, type Server, sendSwitch } from './ask-servers.ts'
import { isOnIn, withSwitch } from './unsent-switches.ts'

/** How often (ms) servers that are not connected are asked again. Nothing announces their return. */
const LOOK_MS = 20_000

/** What the panel shows, and how it is changed. `servers` is null until they are first loaded. */
export type Servers = {
  servers: Server[] | null
  problem: string
  switchTool: (off: Off, isOn: boolean) => Promise<void>
  reload: () => Promise<void>
}

/**
 * The assistant's servers and tools in a conversation, kept up to date while the page is visible.
 * Before a conversation begins, `assistant` is who will answer, `unsent` holds what is off, and `keep`
 * changes it.
 */
export function useServers(
  threadId: string | null,
  { assistant, unsent, keep }: { assistant: string; unsent: readonly Off[]; keep: (off: Off[]) => void },
): Servers {
  const t = useTranslate()
  const [servers, setServers] = useState<Server[] | null>(null)
  const [problem, setProblem] = useState('')
  /** Counts the reads and switches, so that an older answer never replaces a newer state. */
  const turn = useRef(0)

  const reload = useCallback(async () => {
    turn.current += 1
    const own = turn.current
    try {
      const read = await readServers(threadId, assistant)
      if (own !== turn.current) return
      setServers(read)
      setProblem('')
    } catch (error) {
      if (own === turn.current)
        setProblem(error instanceof Error ? error.message : t('The servers could not be loaded.'))
    }
  }, [threadId, assistant, t])

  const isWaiting = servers?.some(({ state }) => state !== 'connected') ?? false
  const refresh = useEffectEvent(() => void reload())
  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation is read anew
  useEffect(() => followChanges('/api/me/servers/changes', () => refresh()), [threadId, assistant])
  useEffect(() => {
    if (!isWaiting) return
    const timer = setInterval(() => document.hidden || refresh(), LOOK_MS)
    return () => clearInterval(timer)
  }, [isWaiting])

  async function switchTool(off: Off, isOn: boolean): Promise<void> {
    if (threadId === null) return keep(withSwitch(unsent, off, isOn))
    turn.current += 1
    setServers((before) => before?.map((server) => withChange(server, off, isOn)) ?? null)
    const sent = await sendSwitch(threadId, off, isOn)
    await reload()
    if (!sent.ok) setProblem(sent.message)
  }

  const shown = threadId === null ? (servers?.map((server) => withUnsent(server, unsent)) ?? null) : servers
  return { servers: shown, problem, switchTool, reload }
}

function withChange(server: Server, { server: name, tool }: Off, isOn: boolean): Server {
  if (server.name !== name) return server
  if (tool === undefined) return { ...server, isOn }
  return { ...server, tools: server.tools.map((one) => (one.name === tool ? { ...one, isOn } : one)) }
}

function withUnsent(server: Server, off: readonly Off[]): Server {
  const { name, tools } = server
  return {
    ...server,
    isOn: isOnIn(off, { server: name }),
    tools: tools.map((tool) => ({ ...tool, isOn: isOnIn(off, { server: name, tool: tool.name }) })),
  }
}
