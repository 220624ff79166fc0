import { Notice } from '#app/ui/notice.tsx'

/** Says what is wrong with a file of the settings; nothing if nothing is. */
export function FileProblem({ setting, problem }: { setting: string; problem: string | undefined }) {
  if (problem === undefined) return null
  return (
    <Notice tone="bad" title={`${setting} cannot be used`}>
      {problem} What it said before still holds.
    </Notice>
  )
}
