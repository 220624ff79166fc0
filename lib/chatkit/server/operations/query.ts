import type { Operation, Params } from '#lib/chatkit/protocol/requests.ts'
import type { Deps } from '#lib/chatkit/server/deps.ts'

// biome-ignore lint/suspicious/noExplicitAny: queries do not use the application's context
type QueryDeps = Deps<any>

/** Answers an operation at once. `requestId` is the client's own, of a request that may come again. */
export type Query<O extends Operation> = (params: Params<O>, deps: QueryDeps, requestId?: string) => Promise<unknown>
