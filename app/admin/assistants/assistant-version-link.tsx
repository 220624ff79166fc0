import Link from 'next/link'
import { findVersionById } from '#lib/data/assistants/assistant-versions.ts'

/** The version of an assistant that a run or a call names. Null: Switchboard as it is built in. */
export async function AssistantVersionLink({ id }: { id: string | null }) {
  const version = id === null ? null : await findVersionById(id)
  if (!version) return id === null ? 'Switchboard, as it is built in' : 'A deleted assistant'
  const { slug, number, config } = version
  return (
    <Link
      href={`/admin/assistants/${slug}/versions/${number}`}
      className="text-accent underline-offset-2 hover:underline"
    >
      {config?.name ?? slug}, version {number}
    </Link>
  )
}
