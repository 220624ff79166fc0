import { emptyView, type ThreadView } from '#lib/chatkit-element/state/view.ts'

/**
 * `loading`: a thread is being read. `streaming`: an answer is being written. `stopping`: the
 * server is asked to end it.
 */
export type Phase = 'idle' | 'loading' | 'streaming' | 'stopping'

export type ChatState = {
  view: ThreadView
  phase: Phase
  reconnecting: boolean
  /** Cursor of the messages before the first one shown; null if there are none. */
  older: string | null
  loadingOlder: boolean
  /**
   * The person's feedback on an answer, by the key of its turn (the id of the turn's first item).
   */
  feedback: ReadonlyMap<string, 'positive' | 'negative'>
  /** The text for screen readers: a finished answer, never single words. */
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
