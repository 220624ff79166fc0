'use client'

import { SlidersHorizontal } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useId, useState, useTransition } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { Field, Select, TextInput } from './field.tsx'

export type FilterMenu = { name: string; label: string; value?: string; options: { value: string; label: string }[] }

/** A typed filter. It applies on Enter, or when the field loses focus. */
export type FilterText = { name: string; label: string; value?: string; placeholder?: string }

/**
 * The filters of a list as menus and fields. A choice changes the address, so that it can be
 * bookmarked, shared and undone with Back.
 */
export function FilterBar({
  path,
  menus,
  texts = [],
  keep = {},
}: {
  path: string
  menus: FilterMenu[]
  texts?: FilterText[]
  keep?: Record<string, string>
}) {
  const t = useTranslate()
  const router = useRouter()
  const [pending, startTransition] = useTransition()
  const [open, setOpen] = useState(false)
  const id = useId()
  const count = [...menus, ...texts].filter(({ value }) => value).length + Object.keys(keep).length

  function show(form: HTMLFormElement) {
    const given = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()])
    startTransition(() => router.push(listAddress(path, Object.fromEntries(given))))
  }

  return (
    <div className="mb-4">
      {/* On a phone, open menus would push the list out of view. */}
      <Button aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)} className="w-full sm:hidden">
        <SlidersHorizontal aria-hidden className="size-4" />
        {count > 0 ? t('Filters ({count})', { count }) : t('Filters')}
      </Button>
      <form
        id={id}
        // A new address from elsewhere (a link, Back) brings new defaults.
        key={JSON.stringify([[...menus, ...texts].map(({ value }) => value), keep])}
        method="get"
        action={path}
        onChange={(event) => event.target instanceof HTMLSelectElement && show(event.currentTarget)}
        onSubmit={(event) => {
          event.preventDefault()
          show(event.currentTarget)
        }}
        aria-busy={pending}
        className={`${open ? 'max-sm:mt-3' : 'max-sm:hidden'} flex flex-wrap items-end gap-3`}
      >
        {Object.entries(keep).map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        {texts.map(({ name, label, value = '', placeholder }) => (
          <div key={name} className="max-w-56 min-w-0 grow basis-[calc(50%-0.375rem)] sm:basis-40">
            <Field label={label}>
              <TextInput
                type="search"
                name={name}
                defaultValue={value}
                placeholder={placeholder}
                maxLength={200}
                onBlur={({ currentTarget }) => {
                  if (currentTarget.value.trim() !== value && currentTarget.form) show(currentTarget.form)
                }}
              />
            </Field>
          </div>
        ))}
        {menus.map(({ name, label, value = '', options }) => (
          <div key={name} className="max-w-56 min-w-0 grow basis-[calc(50%-0.375rem)] sm:basis-28">
            <Field label={label}>
              <Select name={name} defaultValue={value}>
                <option value="">{t('All')}</option>
                {options.map((option) => (
                  <option key={option.value} value={option.value}>
                    {option.label}
                  </option>
                ))}
              </Select>
            </Field>
          </div>
        ))}
        {count > 0 && (
          <Button tone="quiet" onClick={() => startTransition(() => router.push(path))}>
            {t('Clear')}
          </Button>
        )}
        <noscript>
          <Button type="submit">{t('Show')}</Button>
        </noscript>
      </form>
    </div>
  )
}
