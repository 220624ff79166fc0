import { notFound } from 'next/navigation'
import type { KnownAssistant } from '#lib/agent/assistants/known-assistant.ts'
import { listAssistants } from '#lib/agent/assistants/list-assistants.ts'

/** The assistant with this slug, for an admin's page. Shows "not found" if there is none. */
export async function requireAdminAssistant(slug: string): Promise<KnownAssistant> {
  const found = (await listAssistants()).find((assistant) => assistant.slug === slug)
  if (!found) notFound()
  return found
}

/** Whose versions these are; null for Switchboard as it is built in. */
export function findVersionOwner({ slug, origin }: KnownAssistant): { slug: string; origin: 'page' | 'file' } | null {
  return origin === 'built-in' ? null : { slug, origin }
}
