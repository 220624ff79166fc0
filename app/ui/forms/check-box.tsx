/** A checkbox with its label, and a hint below. */
export function CheckBox({
  name,
  label,
  hint,
  checked = false,
}: {
  name: string
  label: string
  hint?: string
  checked?: boolean
}) {
  return (
    <label className="flex items-start gap-2.5">
      <input type="checkbox" name={name} defaultChecked={checked} className="mt-1 size-4 shrink-0 accent-(--accent)" />
      <span>
        {label}
        {hint && <span className="block text-sm text-ink-faint">{hint}</span>}
      </span>
    </label>
  )
}
