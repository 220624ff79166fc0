import { emptyView, type ThreadView } from '#lib/chatkit-element/state/view.ts'

/** `loading` reads a thread, `streaming` shows an answer being written, `stopping` waits for the server to end it. */
export type Phase = 'idle' | 'loading' | 'streaming' | 'stopping'

export type ChatState = {
  view: ThreadView
  phase: Phase
  reconnecting: boolean
  /** Cursor of the messages before the first one shown; null when there are none. */
  older: string | null
  loadingOlder: boolean
  /** What the person thought of an answer, by the id of the turn's first item. */
  feedback: ReadonlyMap<string, 'positive' | 'negative'>
  /** What a screen reader is told: a finished answer, never single words. */
  announcement: string
}

export const initialState: ChatState = {
  view: emptyView,
  phase: 'idle',
  reconnecting: false,
  older: null,
  loadingOlder: false,
  feedback: new Map(),
  announcement: '',
}

export function isBusy(state: ChatState): boolean {
  return state.phase === 'streaming' || state.phase === 'stopping'
}
