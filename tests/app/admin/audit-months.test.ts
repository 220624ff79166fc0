import { expect, test } from 'vitest'
import { deleteOldAuditMonths, listAuditEvents } from '#lib/data/audit.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { deleteAuditEvents } from '#tests/support/delete-audit-events.ts'
import { withSettings } from '#tests/support/settings.ts'

/** The first moment (UTC) of the month that is `months` before this one, and `ms` later. */
function monthsAgo(months: number, ms = 0): Date {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1) + ms)
}

const record = (events: Record<string, Date>) =>
  withSystem('admin', (tx) =>
    tx.auditEvent.createMany({ data: Object.entries(events).map(([id, at]) => ({ id, at, action: 'signed_in' })) }),
  )

test('the application may neither change nor delete an audited event', async () => {
  await deleteAuditEvents()
  await record({ kept: new Date() })
  for (const attempt of [
    Prisma.sql`UPDATE audit_events SET action = 'signed_up'`,
    Prisma.sql`DELETE FROM audit_events`,
    Prisma.sql`TRUNCATE audit_events`,
    Prisma.sql`INSERT INTO audit_events (id, action) VALUES ('kept', 'x') ON CONFLICT (id) DO UPDATE SET action = 'x'`,
    Prisma.sql`ALTER TABLE audit_events DISABLE ROW LEVEL SECURITY`,
    Prisma.sql`GRANT DELETE ON audit_events TO CURRENT_USER`,
    Prisma.sql`CREATE OR REPLACE FUNCTION drop_audit_month(keep integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    Prisma.sql`SELECT drop_audit_month(2)`,
    Prisma.sql`SELECT drop_audit_month(-1)`,
    Prisma.sql`SELECT drop_audit_month(NULL)`,
  ])
    await runSystemStatement('admin', attempt).catch(() => undefined)
  await expect(runSystemStatement('admin', Prisma.sql`DELETE FROM audit_events`)).rejects.toThrow(/permission denied/)
  expect((await listAuditEvents()).data).toEqual([expect.objectContaining({ id: 'kept', action: 'signed_in' })])
})

test('AUDIT_MONTHS deletes whole closed months, leaves a note for each, and two replicas leave one', async () => {
  await deleteAuditEvents()
  await record({
    oldest: monthsAgo(6),
    oldest_end: monthsAgo(5, -1),
    older: monthsAgo(4),
    third: monthsAgo(3),
    now: new Date(),
  })
  expect(await deleteOldAuditMonths(), 'without the setting all events stay').toBe(0)
  withSettings({ AUDIT_MONTHS: '3' })
  const deleted = await Promise.all([deleteOldAuditMonths(), deleteOldAuditMonths()])
  expect(deleted.reduce((sum, count) => sum + count)).toBe(3)
  const { data } = await listAuditEvents()
  const notes = data.filter(({ action }) => action === 'audit_month_dropped')
  const month = (months: number) => monthsAgo(months).toISOString().slice(0, 7)
  expect(notes.map(({ detail }) => detail).sort((a, b) => Number(b.events) - Number(a.events))).toEqual([
    { month: month(6), events: 2 },
    { month: month(4), events: 1 },
  ])
  expect(data.filter(({ action }) => action === 'signed_in').map(({ id }) => id)).toEqual(['now', 'third'])
})
