import { Notice } from '#app/ui/notice.tsx'

/** The problem that belongs to no single field, above the form's button. */
export function FormProblem({ message }: { message: string | undefined }) {
  if (!message) return null
  return (
    <Notice tone="bad" announce>
      {message}
    </Notice>
  )
}
