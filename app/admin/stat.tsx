/** One number of the overview with its name above and a remark below. `bad` colours the remark. */
export function Stat({ name, value, note, bad = false }: { name: string; value: string; note: string; bad?: boolean }) {
  return (
    <div className="rounded-lg border border-line bg-surface p-4 last:max-lg:col-span-2">
      <dt className="text-sm text-ink-soft">{name}</dt>
      <dd className="mt-1 text-2xl font-semibold tabular-nums">{value}</dd>
      <dd className={`text-sm ${bad ? 'text-bad' : 'text-ink-faint'}`}>{note}</dd>
    </div>
  )
}
