'use client'

type Props = {
  legend: string
  scopes: { id: string; label: string }[]
  chosen: ReadonlySet<string>
  onChange: (chosen: Set<string>) => void
  disabled?: boolean
  /** Also shows each scope's technical name. */
  named?: boolean
}

/** A check box for each scope of a token or an app. */
export function ScopeChoice({ legend, scopes, chosen, onChange, disabled, named }: Props) {
  function toggle(id: string) {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    onChange(next)
  }

  return (
    <fieldset disabled={disabled} className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      {scopes.map(({ id, label }) => (
        <label key={id} className="flex items-start gap-2.5">
          <input
            type="checkbox"
            checked={chosen.has(id)}
            onChange={() => toggle(id)}
            className="mt-1 size-4 shrink-0 accent-(--accent)"
          />
          <span>
            {label} {named && <code className="font-mono text-sm text-ink-faint">{id}</code>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
