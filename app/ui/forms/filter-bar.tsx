'use client'

import { SlidersHorizontal } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useId, useState, useTransition } from 'react'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Button } from '#app/ui/button.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { Field, Select, TextInput } from './field.tsx'

type Place = {
  /** Shown only once the person opens the further filters, or if it is set. */
  further?: boolean
}

export type FilterMenu = Place & {
  name: string
  label: string
  value?: string
  options: { value: string; label: string }[]
  /** What no choice means. Default: all. */
  none?: string
}

/** A typed filter. It applies on Enter, or when the field loses focus. */
export type FilterText = Place & {
  name: string
  label: string
  value?: string
  placeholder?: string
  /** Times are in UTC, to the second. */
  type?: 'search' | 'number' | 'datetime-local'
  /** Values that it suggests. */
  options?: string[]
}

/**
 * The filters of a list as menus and fields. A choice changes the address, so that it can be
 * bookmarked, shared and undone with Back.
 */
export function FilterBar({
  path,
  menus,
  texts = [],
  keep = {},
  further,
}: {
  path: string
  menus: FilterMenu[]
  texts?: FilterText[]
  keep?: Record<string, string>
  /** The name of the further filters, if there are any. */
  further?: string
}) {
  const t = useTranslate()
  const router = useRouter()
  const [pending, startTransition] = useTransition()
  const [open, setOpen] = useState(false)
  const id = useId()
  const count = [...menus, ...texts].filter(({ value }) => value).length + Object.keys(keep).length

  const isPlaced = (filter: Place, isFurther: boolean) => Boolean(filter.further) === isFurther
  const controls = (isFurther: boolean) => [
    ...texts.filter((text) => isPlaced(text, isFurther)).map((text) => <Text key={text.name} {...text} show={show} />),
    ...menus.filter((menu) => isPlaced(menu, isFurther)).map((menu) => <Menu key={menu.name} {...menu} />),
  ]

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
        {controls(false)}
        {further && (
          <details
            open={[...texts, ...menus].some((filter) => filter.further && filter.value)}
            className="order-last w-full"
          >
            <summary className="w-fit text-sm text-ink-soft hover:text-ink">{further}</summary>
            <div className="mt-2 flex flex-wrap items-end gap-3">{controls(true)}</div>
          </details>
        )}
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

function Menu({ name, label, value = '', options, none }: FilterMenu) {
  const t = useTranslate()
  return (
    <div className="max-w-56 min-w-0 grow basis-[calc(50%-0.375rem)] sm:basis-28">
      <Field label={label}>
        <Select name={name} defaultValue={value}>
          <option value="">{none ?? t('All')}</option>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  )
}

function Text({
  name,
  label,
  value = '',
  type = 'search',
  placeholder,
  options,
  show,
}: FilterText & { show: (form: HTMLFormElement) => void }) {
  const list = useId()
  return (
    <div className="max-w-56 min-w-0 grow basis-[calc(50%-0.375rem)] sm:basis-40">
      <Field label={label}>
        <TextInput
          type={type}
          name={name}
          defaultValue={value}
          placeholder={placeholder}
          maxLength={200}
          {...(type === 'datetime-local' && { step: 1 })}
          {...(type === 'number' && { min: 0 })}
          {...(options && { list })}
          onBlur={({ currentTarget }) => {
            if (currentTarget.value.trim() !== value && currentTarget.form) show(currentTarget.form)
          }}
        />
      </Field>
      {options && (
        <datalist id={list}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </div>
  )
}
