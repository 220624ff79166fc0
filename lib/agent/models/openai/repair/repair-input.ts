import type { AgentInputItem } from '@openai/agents'
import { readArguments } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { isUsableName, toStandInName } from '#lib/agent/models/openai/repair/called-names.ts'
import { newId } from '#lib/platform/ids.ts'

type Call = Extract<AgentInputItem, { type: 'function_call' }>
type Result = Extract<AgentInputItem, { type: 'function_call_result' }>

const PREFIX: Record<string, string> = { message: 'msg', function_call: 'fc', reasoning: 'rs' }
const LOST = 'The result of this call is not known.'

/**
 * Repairs the input of a model so that a strict server accepts it: usable names and arguments, an
 * id of its own and one result for each call, nothing empty, no thought without what it led to. So
 * conversations that were stored in another form can continue.
 */
export function repairInput(items: AgentInputItem[]): AgentInputItem[] {
  return withPairedCalls(withoutLooseThoughts(items.flatMap(repairItem)))
}

function repairItem(item: AgentInputItem): AgentInputItem[] {
  if (item.type === 'function_call')
    return [withOwnId({ ...item, name: soundName(item), arguments: readArguments(item.arguments) ?? '{}' })]
  if (item.type === 'reasoning') return 'id' in item && item.id && !item.id.startsWith('rs') ? [] : [item]
  if (!('role' in item) || !Array.isArray(item.content)) return [item]
  const content = item.content.filter(
    (part) => !('text' in part && part.text === '') && !('refusal' in part && part.refusal === ''),
  )
  if (content.length === 0 && item.role === 'assistant') return []
  if (content.length === 0)
    return [{ ...item, content: [{ type: 'input_text', text: '(an empty message)' }] } as AgentInputItem]
  return [withOwnId({ ...item, content } as AgentInputItem)]
}

function soundName({ name }: Call): string {
  return isUsableName(name) ? name : toStandInName()
}

/** Removes an id that does not look like OpenAI's. Ids are optional. */
function withOwnId<Item extends AgentInputItem>(item: Item): Item {
  const prefix = PREFIX[item.type ?? 'message']
  const { id, ...rest } = item as { id?: unknown }
  return prefix && id !== undefined && !String(id).startsWith(prefix) ? (rest as Item) : item
}

function withoutLooseThoughts(items: AgentInputItem[]): AgentInputItem[] {
  return items.filter((item, index) => {
    if (item.type !== 'reasoning') return true
    const next = items.slice(index + 1).find(({ type }) => type !== 'reasoning')
    return next !== undefined && !('role' in next && next.role !== 'assistant') && next.type !== 'function_call_result'
  })
}

function withPairedCalls(items: AgentInputItem[]): AgentInputItem[] {
  const used = new Set<string>()
  /** Calls without a result so far, by the id that they came with. */
  const open = new Map<string, Call[]>()
  const paired: AgentInputItem[] = []
  const close = () => {
    for (const call of [...open.values()].flat()) paired.push(resultOf(call, LOST))
    open.clear()
  }
  for (const item of items) {
    if (item.type === 'function_call') {
      const callId = item.callId && !used.has(item.callId) ? item.callId : newId('call')
      used.add(callId)
      const call = { ...item, callId }
      open.set(item.callId, [...(open.get(item.callId) ?? []), call])
      paired.push(call)
    } else if (item.type === 'function_call_result') {
      const call = open.get(item.callId)?.shift()
      if (call) paired.push({ ...item, callId: call.callId })
    } else {
      // Reasoning and text may stand between a call and its result, but not a message of the
      // person.
      if ('role' in item && item.role !== 'assistant') close()
      paired.push(item)
    }
  }
  close()
  return paired
}

function resultOf({ callId, name }: Call, output: string): Result {
  return { type: 'function_call_result', callId, name, status: 'completed', output }
}
