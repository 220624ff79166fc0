import { recordAudit } from '#lib/data/audit.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, withSystem } from '#lib/platform/db/db.ts'

/**
 * When a person must approve a tool call: never, always, before the first call in a thread, or if
 * the tool's own annotations say that it may destroy something.
 */
export const APPROVAL_POLICIES = ['never', 'always', 'first', 'annotation'] as const
export type ApprovalPolicy = (typeof APPROVAL_POLICIES)[number]

/**
 * Whether a call asks first while the conversation holds content that others may have written
 * (lib/agent/approvals/untrusted-content.ts).
 */
export const AFTER_UNTRUSTED = ['ask', 'allow'] as const
export type AfterUntrusted = (typeof AFTER_UNTRUSTED)[number]

/** The name that stands for every tool of a server. */
export const EVERY_TOOL = '*'

/**
 * An admin's policy for one tool. A null or an empty list decides nothing: the server's policy
 * applies.
 */
export type ToolPolicy = {
  server: string
  /** The tool's own name, or `*` for every tool of the server. */
  tool: string
  approval: ApprovalPolicy | null
  afterUntrusted: AfterUntrusted | null
  /**
   * An admin confirmed the tool's annotation: a second call with the same arguments has no further
   * effect.
   */
  repeatable: boolean
  /** Names of fields in arguments and results, at any depth, whose values are never stored. */
  hidden: string[]
  /** What a call does, as a text with `{names of arguments}`. For one tool alone. */
  sentence?: string | null
  /** The read-only tool of the same server that says it, or whose result the text refers to. */
  sentenceTool?: string | null
  connectSeconds: number | null
  idleSeconds: number | null
  hardSeconds: number | null
}

/**
 * The policy in effect for one tool, after the defaults. Seconds are null if the settings decide.
 */
export type EffectivePolicy = Omit<ToolPolicy, 'server' | 'tool' | 'approval' | 'afterUntrusted'> & {
  approval: ApprovalPolicy
  afterUntrusted: AfterUntrusted
}

/** All policies, for deciding on the caller's calls or for an admin page: 5,000 at most. */
export function listPolicies(caller: { userId: string }): Promise<ToolPolicy[]> {
  return runStatementAs<ToolPolicy>(
    caller,
    Prisma.sql`
      SELECT server, tool, approval, after_untrusted AS "afterUntrusted", repeatable, hidden, sentence, sentence_tool AS "sentenceTool",
        connect_seconds AS "connectSeconds", idle_seconds AS "idleSeconds", hard_seconds AS "hardSeconds"
      FROM tool_policies ORDER BY server, tool LIMIT 5000`,
  )
}

/** Stores the policy of a tool. Only for callers whose admin role was checked. */
export async function savePolicy(admin: Caller, { server, tool, ...policy }: ToolPolicy): Promise<void> {
  const data = { ...policy, updatedBy: admin.userId }
  await withSystem('admin', (tx) =>
    tx.toolPolicy.upsert({ where: { server_tool: { server, tool } }, create: { server, tool, ...data }, update: data }),
  )
  await recordAudit({ action: 'policy_changed', actorId: admin.userId, subject: `${server} ${tool}`, detail: policy })
}

/**
 * Deletes a tool's policy, so that the server's applies again. Only for callers whose admin role
 * was checked.
 */
export async function deletePolicy(admin: Caller, { server, tool }: { server: string; tool: string }): Promise<void> {
  const { count } = await withSystem('admin', (tx) => tx.toolPolicy.deleteMany({ where: { server, tool } }))
  if (count > 0) await recordAudit({ action: 'policy_removed', actorId: admin.userId, subject: `${server} ${tool}` })
}

/**
 * The policy in effect for a tool: its own; if that decides nothing, its server's; else the
 * default.
 */
export function findPolicy(policies: ToolPolicy[], server: string, tool: string): EffectivePolicy {
  const find = (name: string) => policies.find((policy) => policy.server === server && policy.tool === name)
  const [own, all] = [find(tool), find(EVERY_TOOL)]
  return {
    approval: own?.approval ?? all?.approval ?? 'annotation',
    afterUntrusted: own?.afterUntrusted ?? all?.afterUntrusted ?? 'ask',
    // Confirmed for one tool at a time, because nobody reviews the annotations of all tools at
    // once.
    repeatable: own?.repeatable ?? false,
    hidden: [...(own?.hidden ?? []), ...(all?.hidden ?? [])],
    sentence: own?.sentence ?? null,
    sentenceTool: own?.sentenceTool ?? null,
    connectSeconds: all?.connectSeconds ?? null,
    idleSeconds: own?.idleSeconds ?? all?.idleSeconds ?? null,
    hardSeconds: own?.hardSeconds ?? all?.hardSeconds ?? null,
  }
}
