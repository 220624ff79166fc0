import { SdkError, SdkErrorCode, UnsupportedProtocolVersionError } from '@modelcontextprotocol/client'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** A fault that is more specific than its failure class. */
export type NamedFault = { fault: 'endless_list' | 'unknown_revision'; sentence: string }

/** The server's MCP fault, found in an error and its causes. */
export function findNamedFault(chain: unknown[]): NamedFault | undefined {
  for (const at of chain) {
    if (at instanceof SdkError && at.code === SdkErrorCode.ListPaginationExceeded)
      return {
        fault: 'endless_list',
        sentence: 'The list of tools of the server has no end: each page names another one.',
      }
    if (at instanceof UnsupportedProtocolVersionError) return unknownRevision(at.supported.join(', '))
    const message = at instanceof Error ? at.message : ''
    const revision = /protocol version is not supported: (.*)$/is.exec(message)?.[1]
    if (revision !== undefined) return unknownRevision(revision)
  }
  return undefined
}

function unknownRevision(revision: string): NamedFault {
  const named = JSON.stringify(cutText(revision.trim(), 60))
  return {
    fault: 'unknown_revision',
    sentence: `The server speaks the revision ${named} of MCP, which is not known here.`,
  }
}
