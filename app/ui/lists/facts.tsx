import type { ReactNode } from 'react'

/** Names and values. Leaves out values that are null, undefined, false or ''. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <dl className="grid gap-x-8 gap-y-3 sm:grid-cols-2 lg:grid-cols-3">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
        .map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-sm text-ink-faint">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** An identifier in full, so that it can be copied. Breaks anywhere if it must. */
export function Id({ children }: { children: string }) {
  return <code className="font-mono text-sm break-all">{children}</code>
}
