type Issue = { path: readonly PropertyKey[]; message: string }

const SHOWN_MAX = 5

/**
 * What a validator found wrong, as one line for people and models: "title: expected string,
 * received number". Shows the first five problems.
 */
export function describeIssues(issues: readonly Issue[], whole: string): string {
  return issues
    .slice(0, SHOWN_MAX)
    .map(({ path, message }) => `${path.map(String).join('.') || whole}: ${message.replace(/^Invalid input: /, '')}`)
    .join('; ')
}
