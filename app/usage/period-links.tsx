import { readTranslate } from '#app/language/page-language.ts'
import { LinkButton } from '#app/ui/button.tsx'
import { USAGE_PERIODS, type UsagePeriodName } from './usage-period.ts'

/** The periods of a report as links. */
export async function PeriodLinks({ path, current }: { path: string; current: UsagePeriodName }) {
  const t = await readTranslate()
  return (
    <nav aria-label={t('Period')} className="flex flex-wrap gap-1">
      {USAGE_PERIODS.map(({ name, label }) => (
        <LinkButton
          key={name}
          size="sm"
          tone={name === current ? 'secondary' : 'quiet'}
          href={`${path}?period=${name}`}
          aria-current={name === current ? 'page' : undefined}
        >
          {t(label)}
        </LinkButton>
      ))}
    </nav>
  )
}
