import { Notice } from '#app/ui/notice.tsx'

/** A problem that belongs to no single field, shown above the form's button. */
export function FormProblem({ message }: { message: string | undefined }) {
  if (!message) return null
  return (
    <Notice tone="bad" announce>
      {message}
    </Notice>
  )
}
