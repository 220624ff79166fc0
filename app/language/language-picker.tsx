'use client'

import { useRouter } from 'next/navigation'
import { startTransition } from 'react'
import { Select } from '#app/ui/forms/field.tsx'
import { useTranslate } from './sentences-provider.tsx'

const YEAR_SECONDS = 31_536_000

/** The choice of a language before sign-in, kept in a cookie. */
export function LanguagePicker({
  cookie,
  current,
  languages,
}: {
  /** The name of the cookie. */
  cookie: string
  current: string
  languages: { code: string; name: string }[]
}) {
  const t = useTranslate()
  const router = useRouter()

  function choose(code: string) {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari
    document.cookie = `${cookie}=${code}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`
    startTransition(() => router.refresh())
  }

  return (
    <div>
      <Select aria-label={t('Language')} value={current} onChange={(event) => choose(event.target.value)}>
        {languages.map(({ code, name }) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  )
}
