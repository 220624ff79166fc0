import { processState } from '#lib/platform/process-state.ts'

/** Who hears each line of the log besides standard output. */
export const logLines = processState('log lines', (): { hear?: ((line: string) => void) | undefined } => ({}))
