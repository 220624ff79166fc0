import { type Tx, withCaller } from '#lib/platform/db/db.ts'

const BATCH = 200

/** Reads rows of `ownerId` after the row `after`, in key order. */
type Read<Row> = (tx: Tx, ownerId: string, after: Row | undefined) => Promise<Row[]>

const PROFILE = {
  id: true,
  email: true,
  emailVerifiedAt: true,
  name: true,
  role: true,
  timeZone: true,
  language: true,
  locale: true,
  modelChoice: true,
  createdAt: true,
  lastActiveAt: true,
  memoryOff: true,
} as const

const IDENTITY = { provider: true, createdAt: true } as const
const TOKEN = { name: true, scopes: true, createdAt: true, lastUsedAt: true, expiresAt: true, revokedAt: true } as const
const GRANT = {
  clientId: true,
  clientName: true,
  clientHost: true,
  scopes: true,
  createdAt: true,
  lastUsedAt: true,
  expiresAt: true,
} as const

const ACCOUNT = { serverId: true, kind: true, createdAt: true, updatedAt: true, brokenAt: true } as const

const take = BATCH

/**
 * Yields everything that the caller owns as pieces of one JSON document: profile, threads, their
 * items, branches, waiting messages, summaries and switches, attachments (without bytes), shares, saved views, feedback, runs, approvals, questions,
 * tool calls, requests to models, tasks, notes and memories. Authorized apps and connected accounts
 * are included without their secrets. This is the
 * only module that reads tables other modules own, because an export covers them all. It holds at
 * most 200 rows at a time.
 */
export async function* exportData(caller: { userId: string }): AsyncGenerator<string> {
  const profile = await withCaller(caller, (tx) => readProfile(tx, caller.userId))
  yield `{"exported_at":${JSON.stringify(new Date())},"profile":${JSON.stringify(profile)}`
  yield* list(caller, 'threads', (tx, ownerId, after?: { seq: bigint }) =>
    tx.thread.findMany({ where: { ownerId, seq: { gt: after?.seq ?? 0n } }, orderBy: { seq: 'asc' }, take }),
  )
  yield* list(caller, 'thread_items', (tx, ownerId, after?: { seq: bigint }) =>
    tx.threadItem.findMany({ where: { ownerId, seq: { gt: after?.seq ?? 0n } }, orderBy: { seq: 'asc' }, take }),
  )
  yield* list(caller, 'branches', (tx, ownerId, after?: { id: string }) =>
    tx.branch.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'branch_items', (tx, ownerId, after?: { seq: bigint }) =>
    tx.branchItem.findMany({ where: { ownerId, seq: { gt: after?.seq ?? 0n } }, orderBy: { seq: 'asc' }, take }),
  )
  yield* list(caller, 'waiting_messages', (tx, ownerId, after?: { seq: bigint }) =>
    tx.waitingMessage.findMany({ where: { ownerId, seq: { gt: after?.seq ?? 0n } }, orderBy: { seq: 'asc' }, take }),
  )
  yield* list(caller, 'summaries', (tx, ownerId, after?: { id: string }) =>
    tx.summary.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'switched_off_tools', (tx, ownerId, after?: { threadId: string; server: string; tool: string }) =>
    tx.switchedOffTool.findMany({
      where: { ownerId, ...(after && { OR: afterEntry(after) }) },
      orderBy: [{ threadId: 'asc' }, { server: 'asc' }, { tool: 'asc' }],
      take,
    }),
  )
  yield* list(caller, 'attachments', (tx, ownerId, after?: { id: string }) =>
    tx.attachment.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'shares', (tx, ownerId, after?: { id: string }) =>
    tx.share.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'shared_items', (tx, ownerId, after?: { shareId: string; seq: number }) =>
    tx.sharedItem.findMany({
      where: { ownerId, ...(after && { OR: afterSharedItem(after) }) },
      orderBy: [{ shareId: 'asc' }, { seq: 'asc' }],
      take,
    }),
  )
  yield* list(caller, 'saved_views', (tx, ownerId, after?: { id: string }) =>
    tx.savedView.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'feedback', (tx, ownerId, after?: { id: string }) =>
    tx.feedback.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'runs', (tx, ownerId, after?: { id: string }) =>
    tx.run.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'approvals', (tx, ownerId, after?: { id: string }) =>
    tx.approval.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'questions', (tx, ownerId, after?: { id: string }) =>
    tx.question.findMany({
      where: { ownerId, id: { gt: after?.id ?? '' } },
      omit: { sealedAnswer: true },
      orderBy: { id: 'asc' },
      take,
    }),
  )
  yield* list(caller, 'tool_calls', (tx, ownerId, after?: { id: string }) =>
    tx.toolCall.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'model_requests', async (tx, ownerId, after?: { id: string }) => {
    const where = { ownerId, id: { gt: after?.id ?? '' } }
    const rows = await tx.modelRequest.findMany({ where, orderBy: { id: 'asc' }, take })
    return rows.map((row) => ({ ...row, costMicros: row.costMicros?.toString() ?? null }))
  })
  yield* list(caller, 'tasks', (tx, ownerId, after?: { number: number }) =>
    tx.task.findMany({ where: { ownerId, number: { gt: after?.number ?? 0 } }, orderBy: { number: 'asc' }, take }),
  )
  yield* list(caller, 'notes', (tx, ownerId, after?: { id: string }) =>
    tx.note.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield* list(caller, 'memories', (tx, ownerId, after?: { id: string }) =>
    tx.memory.findMany({ where: { ownerId, id: { gt: after?.id ?? '' } }, orderBy: { id: 'asc' }, take }),
  )
  yield '}\n'
}

function afterEntry({ threadId, server, tool }: { threadId: string; server: string; tool: string }) {
  return [
    { threadId: { gt: threadId } },
    { threadId, server: { gt: server } },
    { threadId, server, tool: { gt: tool } },
  ]
}

function afterSharedItem({ shareId, seq }: { shareId: string; seq: number }) {
  return [{ shareId: { gt: shareId } }, { shareId, seq: { gt: seq } }]
}

// One after the other: Prisma would send nested selects concurrently on the transaction's only
// connection.
async function readProfile(tx: Tx, ownerId: string) {
  const user = await tx.user.findUniqueOrThrow({ where: { id: ownerId }, select: PROFILE })
  const identities = await tx.identity.findMany({ where: { userId: ownerId }, select: IDENTITY })
  const personalTokens = await tx.personalToken.findMany({ where: { ownerId }, select: TOKEN })
  const oauthGrants = await tx.oauthGrant.findMany({ where: { ownerId }, select: GRANT })
  const ownWords = await tx.ownWords.findFirst({ where: { ownerId }, select: { about: true, howToAnswer: true } })
  const serverAccounts = await tx.mcpAccount.findMany({ where: { ownerId }, select: ACCOUNT })
  return { ...user, identities, personalTokens, oauthGrants, serverAccounts, ownWords }
}

async function* list<Row>(caller: { userId: string }, name: string, read: Read<Row>): AsyncGenerator<string> {
  yield `,"${name}":[`
  let after: Row | undefined
  for (let rows: Row[] = []; ; ) {
    rows = await withCaller(caller, (tx) => read(tx, caller.userId, after))
    const text = rows.map((row) => JSON.stringify(row, plain)).join(',\n')
    if (text) yield after === undefined ? `\n${text}` : `,\n${text}`
    after = rows.at(-1)
    if (rows.length < BATCH) break
  }
  yield ']'
}

// `ownerId` is the reader's own id; `seq` only orders rows, and a bigint is not valid JSON.
function plain(key: string, value: unknown): unknown {
  return key === 'ownerId' || typeof value === 'bigint' ? undefined : value
}
