import { withSystem } from '#lib/platform/db/db.ts'

/**
 * Binds a client that was registered by hand to the authorization server `issuer`, unless it is
 * bound already. Resolves to the issuer that it is bound to.
 */
export async function bindClientIssuer(serverId: string, clientId: string, issuer: string): Promise<string> {
  return withSystem('tool-servers', async (tx) => {
    await tx.mcpClientIssuer.createMany({ data: { serverId, clientId, issuer }, skipDuplicates: true })
    return (await tx.mcpClientIssuer.findUniqueOrThrow({ where: { serverId_clientId: { serverId, clientId } } })).issuer
  })
}

/** The issuer that a client registered by hand is bound to, or null. */
export async function findClientIssuer(serverId: string, clientId: string): Promise<string | null> {
  const where = { serverId_clientId: { serverId, clientId } }
  const row = await withSystem('tool-servers', (tx) => tx.mcpClientIssuer.findUnique({ where }))
  return row?.issuer ?? null
}
