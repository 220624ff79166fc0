import { quote } from '#lib/agent/assistants/fill-placeholders.ts'
import type { TurnCast } from '#lib/agent/assistants/turn-cast.ts'

type Handover = { tool: string; name: string; isBack: boolean }

/** What an assistant is told of the others, in lines. */
export function describeHandovers(handovers: Handover[], { mayHandOver, refused }: TurnCast): string[] {
  if (handovers.length === 0) return []
  const refusal = refused === undefined ? [] : [`- The handover to ${quote(refused)} was not made. Answer yourself.`]
  if (!mayHandOver) return [...refusal, '- No more handovers are possible in this turn. Answer yourself.']
  const others = handovers.filter(({ isBack }) => !isBack)
  const back = handovers.find(({ isBack }) => isBack)
  return [
    ...refusal,
    ...(others.length > 0
      ? [
          '- If another assistant fits what is asked better than you, hand over with its tool at once. The person sees that you did: do not announce it.',
        ]
      : []),
    ...(back
      ? [
          `- You were handed this conversation. If what is asked now is not what you are for, hand it back with ${back.tool} at once.`,
        ]
      : []),
  ]
}
