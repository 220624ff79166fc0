import { isApprovalCard } from '#lib/agent/approvals/approval-card.ts'
import { findConnectCardServer } from '#lib/agent/cards/connect-card.ts'
import { isCutCard } from '#lib/agent/cards/cut-card.ts'
import { isFilesCard } from '#lib/agent/cards/files-card.ts'
import { isMemoryCard } from '#lib/agent/memory/memory-card.ts'
import { isQuestionCard } from '#lib/agent/questions/question-card.ts'
import { findResultWidgetServer } from '#lib/agent/stream/result-widgets.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** The model did not say our own cards, so they stay out of its input. */
export function isOurCard(item: ThreadItem): boolean {
  return (
    isApprovalCard(item) ||
    isQuestionCard(item) ||
    isCutCard(item) ||
    isMemoryCard(item) ||
    isFilesCard(item) ||
    findResultWidgetServer(item) !== undefined ||
    findConnectCardServer(item) !== undefined
  )
}
