import { toSlug } from '#lib/agent/handovers/agent-name.ts'

type Named = { name?: unknown; identity?: unknown }
type State = {
  currentAgent?: Named
  generatedItems?: { agent?: Named; sourceAgent?: Named; targetAgent?: Named }[]
  toolUseTracker?: Record<string, unknown>
}

/** The assistants in a run's stored state, by slug: the one that answered last, and all that took part. */
export function listStateAgents(text: string): { current: string; all: string[] } {
  const { currentAgent, generatedItems = [], toolUseTracker = {} } = JSON.parse(text) as State
  const named = generatedItems.flatMap(({ agent, sourceAgent, targetAgent }) => [agent, sourceAgent, targetAgent])
  const names = [currentAgent, ...named].flatMap((agent) => (typeof agent?.name === 'string' ? agent.name : []))
  const slugs = [...names, ...Object.keys(toolUseTracker)].map(toSlug)
  return { current: slugs[0] ?? '', all: [...new Set(slugs)] }
}
