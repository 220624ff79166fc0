/**
 * The product's mark: two jacks joined by a cord and two free ones. Uses the surrounding text
 * colour.
 */
export function Mark({ className = 'size-7' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2.4" strokeLinecap="round">
        <path d="M10.5 10.5c0 9 11 2 11 11" />
        <circle cx="10.5" cy="10.5" r="2.6" fill="var(--on-accent)" stroke="none" />
        <circle cx="21.5" cy="21.5" r="2.6" fill="var(--on-accent)" stroke="none" />
        <circle cx="21.5" cy="10.5" r="2.2" strokeWidth="1.8" opacity=".6" />
        <circle cx="10.5" cy="21.5" r="2.2" strokeWidth="1.8" opacity=".6" />
      </g>
    </svg>
  )
}

/** The mark with the name beside it. */
export function Wordmark() {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold tracking-tight text-ink">
      <Mark />
      Switchboard
    </span>
  )
}
