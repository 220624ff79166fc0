import Link from 'next/link'
import { Badge } from '#app/ui/badge.tsx'
import { Card } from '#app/ui/card.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import type { VersionRow } from '#lib/data/assistants/assistant-versions.ts'

/** The versions of an assistant, the newest first. */
export function VersionList({ slug, versions, current }: { slug: string; versions: VersionRow[]; current: number }) {
  return (
    <Card flush title="Versions" hint="Each save is one. A run keeps the version that it used.">
      <Table
        caption="Versions"
        rows={versions}
        rowKey={({ id }) => id}
        columns={[
          {
            header: 'Version',
            lead: true,
            cell: ({ number }) => (
              <span className="flex items-center gap-2">
                <Link
                  href={`/admin/assistants/${slug}/versions/${number}`}
                  className="font-medium text-accent underline-offset-2 hover:underline"
                >
                  Version {number}
                </Link>
                {number === current && <Badge tone="ok">Current</Badge>}
              </span>
            ),
          },
          { header: 'Saved', cell: ({ savedAt }) => <RelativeTime at={savedAt.toISOString()} /> },
          { header: 'By', cell: ({ savedBy }) => savedBy ?? 'The file, or an account that is gone' },
          { header: 'Restored from', cell: ({ restoredFrom }) => restoredFrom && `Version ${restoredFrom}` },
        ]}
      />
    </Card>
  )
}
