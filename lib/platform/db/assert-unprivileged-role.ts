type Query = (sql: string) => Promise<{ name: string; bypass: boolean; owns: boolean }[]>

const WHO = `
  SELECT current_user AS name, r.rolsuper OR r.rolbypassrls AS bypass,
    EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity
      AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owns
  FROM pg_roles r WHERE r.rolname = current_user`

/**
 * The server's database role could read everybody's data. The message is one sentence for the
 * operator. No AppError: it ends the start, before anybody can ask for something.
 */
export class PrivilegedRoleError extends Error {}

/**
 * Throws PrivilegedRoleError if the role behind `query` could bypass row-level security: a
 * superuser, BYPASSRLS, or the owner of the tables.
 */
export async function assertUnprivilegedRole(query: Query): Promise<void> {
  const [role] = await query(WHO)
  const why = role?.bypass ? 'is a superuser or has BYPASSRLS' : role?.owns ? 'owns the tables' : undefined
  if (!why) return
  throw new PrivilegedRoleError(
    `DATABASE_URL signs in as "${role?.name}", which ${why} and so could read every person's data past row-level security. ` +
      'Use a plain role there, and give the owner in DATABASE_DIRECT_URL; the migration then creates that role if it does not exist.',
  )
}
